-- The order of pairs and the border of # follow from PUC's layout.
local function show(t) local o = {} for k, v in pairs(t) do o[#o + 1] = tostring(k) .. '=' .. tostring(v) end print(#t, table.concat(o, ' ')) end
show{} show{1, 2, 3} show{1, nil, 3} show{nil, nil, 3} show{n = 1, 2, [3] = 3, x = 4, [10] = 5} show{[1] = 1, [2] = 2, [4] = 4}
local t = {} for i = 1, 20 do t[i] = i end t[10] = nil show(t) t[20] = nil show(t) for i = 11, 19 do t[i] = nil end show(t)
t = {} for i = 20, 1, -1 do t[i] = i end show(t) t = {} for i = 1, 16 do t['k' .. i] = i end show(t) for i = 1, 16, 2 do t['k' .. i] = nil end show(t) t.new = 1 show(t)
for i = 1, 40 do t['z' .. i] = i end show(t)
t = {} t[1.5] = 'f' t[true] = 'b' t[false] = 'c' t[-1] = 'n' t[0] = 'z' t[2^53] = 'big' t[1e300] = 'e' t['1'] = 's' t[1] = 'i' show(t)
t = {a = 1, b = 2, c = 3, d = 4} for k in pairs(t) do t[k] = nil end show(t) t = {a = 1, b = 2, c = 3} for k, v in pairs(t) do t[k] = v + 1 end show(t)
t = {10, 20, 30, 40} table.remove(t, 1) show(t) table.insert(t, 1, 5) show(t) table.insert(t, 'end') show(t) print(table.remove(t), table.remove(t, 2), table.remove({}), table.remove({}, 1)) show(t)
table.insert(t, 10, 'far') show(t) print(pcall(table.insert, t)) print(pcall(table.insert, t, 1, 2, 3)) print(pcall(table.insert, nil, 1)) print(pcall(table.insert, t, 'x', 1))
print(table.concat{1, 2, 'x'}, table.concat({1, 2, 3}, ', '), table.concat({1, 2, 3}, '-', 2), table.concat({1, 2, 3}, '-', 2, 3), table.concat({}, 'x'), table.concat({1}, 'x', 3)) print(pcall(table.concat, {1, {}, 3})) print(pcall(table.concat, {1}, ',', 1, 2))
print(table.maxn{1, 2, [7.5] = 1, [-3] = 1}, table.maxn{}, table.getn{1, 2}, pcall(table.setn, {}, 1))
print(table.foreach({a = 1}, function(k, v) print(k, v) end), table.foreach({5, 6}, function(k, v) return v end), table.foreachi({5, 6, 7}, function(i, v) if i == 2 then return v end end))
print(unpack({1, 2, 3})) print(unpack({1, 2, 3}, 2)) print(unpack({1, 2}, 1, 4)) print(unpack({}, 3, 1)) print(select('#', unpack({n = 3}, 1, 3)))
print(next({})) print(next({5})) print(next({5}, 1)) print(pcall(next, {}, 'no')) print(type(next), rawget({5}, 1), rawset({}, 1, 2)[1])
for i, v in ipairs{1, 2, nil, 4} do print(i, v) end for i, v in ipairs(setmetatable({}, {__index = function(t, i) return i < 3 and i or nil end})) do print('never', i) end
t = {} for i = 1, 100 do t[#t + 1] = i end print(#t) for i = 100, 51, -1 do t[i] = nil end print(#t) for i = 1, 50 do t[i] = nil end print(#t, next(t))
local function f(...) return {...}, {n = select('#', ...), ...} end local a, b = f(1, nil, 3) show(a) show(b)
t = {f(1)} print(#t) t = {f(1), 1} print(#t) t = {(f(1))} print(#t)
local big = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,x=1,[2]='two',[53]='over'} show(big)
t = {} t.x, t.y = 1 print(t.x, t.y) t[1], t[2], t[3] = (function() return 1, 2 end)() print(#t) t = {[1] = 'a', 'b'} print(t[1]) t = {'b', [1] = 'a'} print(t[1])
