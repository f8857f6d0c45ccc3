-- Values in and out, states, errors, generators, yields from deep and across calls.
local co = coroutine.create(function(a, b) print('start', a, b) local c = coroutine.yield(a + b) print('got', c) local d, e = coroutine.yield(c * 2) return d + e, 'end' end)
print(coroutine.status(co), coroutine.resume(co, 1, 2)) print(coroutine.status(co), coroutine.resume(co, 10)) print(coroutine.resume(co, 3, 4)) print(coroutine.status(co), coroutine.resume(co))
local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, i * i) end end) end for a, b in gen(3) do print(a, b) end
local function walk(t) if type(t) ~= 'table' then coroutine.yield(t) return end for _, v in ipairs(t) do walk(v) end end
for v in coroutine.wrap(function() walk{1, {2, {3, 4}, 5}, 6} end) do print(v) end
print(coroutine.resume(coroutine.create(function() error('e') end))) print(coroutine.resume(coroutine.create(function() error({}) end)) == false) print(coroutine.resume(coroutine.create(function() local x = nil; return x.y end)))
local outer = coroutine.wrap(function() local inner = coroutine.wrap(function() coroutine.yield('in') return 'done' end) coroutine.yield(inner()) coroutine.yield('out') return inner() end) print(outer(), outer(), outer()) print(pcall(outer))
co = coroutine.create(function() print(coroutine.status(co)) local other = coroutine.create(function() return coroutine.status(co) end) print(coroutine.resume(other)) end) coroutine.resume(co)
print(coroutine.resume(coroutine.create(function() return pcall(function() coroutine.yield(1) end) end))) print(coroutine.resume(coroutine.create(function() return setmetatable({}, {__index = function() coroutine.yield(1) end}).x end)))
print(coroutine.resume(coroutine.create(function() table.sort({3, 2, 1}, function() coroutine.yield() end) end)))
co = coroutine.wrap(function(...) local n = select('#', ...) while true do n = n + select('#', coroutine.yield(n)) end end) print(co(1, nil), co(), co(nil, nil, nil))
co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co)) print(pcall(coroutine.wrap(function() error('x', 0) end))) print(coroutine.running(), type(coroutine.wrap(function() return coroutine.running() end)()))
local function deep(n) if n == 0 then coroutine.yield('bottom') return 'up' end local r = deep(n - 1) return r end co = coroutine.create(function() return deep(1000) end) print(coroutine.resume(co)) print(coroutine.resume(co))
local cos = {} for i = 1, 100 do cos[i] = coroutine.wrap(function() for j = 1, 3 do coroutine.yield(i * j) end end) end local s = 0 for j = 1, 3 do for i = 1, 100 do s = s + cos[i]() end end print(s)
local function chain(n) if n == 0 then return 'leaf' end return coroutine.wrap(function() return chain(n - 1) end)() end print(chain(50))
for k, v in coroutine.wrap(function() for i = 1, 2 do coroutine.yield(i, 'v' .. i) end end) do print(k, v) end
