-- Sorting is PUC's quicksort: what equal elements and wrong comparisons come to shows it.
local x = 42 local function rnd(n) x = (x * 16807) % 2147483647 return x % n end
local function line(t) print(table.concat(t, ' ')) end
for _, n in ipairs{0, 1, 2, 3, 4, 5, 10, 33, 100} do local t = {} for i = 1, n do t[i] = rnd(50) end table.sort(t) line(t) table.sort(t, function(a, b) return a > b end) line(t) end
for _, n in ipairs{5, 20, 60} do local t = {} for i = 1, n do t[i] = {key = rnd(5), id = i} end table.sort(t, function(a, b) return a.key < b.key end) local o = {} for i, v in ipairs(t) do o[i] = v.key .. ':' .. v.id end line(o) end
local calls = {} local t = {5, 3, 8, 1, 9, 2} table.sort(t, function(a, b) calls[#calls + 1] = a .. '<' .. b return a < b end) line(t) line(calls)
print(pcall(table.sort, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, function() return true end)) t = {1, 2, 3} table.sort(t, function() return false end) line(t)
print(pcall(table.sort, {1, 'x', 2})) print(pcall(table.sort, {{}, {}})) print(pcall(table.sort, {3, 1, 2}, 1)) print(pcall(table.sort, 1)) print(pcall(table.sort, {2, 1}, function() error('cmp') end)) print(pcall(function() table.sort({1, 2, 3, 4, 5}, function() return true end) end))
local mt = {__lt = function(a, b) return a.v < b.v end} t = {} for i = 1, 8 do t[i] = setmetatable({v = rnd(100)}, mt) end table.sort(t) io = '' for i = 1, 8 do io = io .. ' ' .. t[i].v end print(io)
t = {'b', 'a', 'C', '', 'aa'} table.sort(t) line(t) t = {3, 1, 2, nil, 5} table.sort(t, function(a, b) return (a or 0) < (b or 0) end) print(t[1], t[2], t[3], t[4], t[5])
