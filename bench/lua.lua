-- Small programs for bench/lua.ts: each is run five times, the first and the best time are printed (CPU time, in ms).
local function time(name, f)
  local first, best
  for i = 1, 5 do
    local start = os.clock()
    f()
    local took = (os.clock() - start) * 1000
    first, best = first or took, math.min(best or took, took)
  end
  print(name, math.floor(first * 10) / 10, math.floor(best * 10) / 10)
end
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
time("1e7 additions", function() local s = 0 for i = 1, 1e7 do s = s + i end return s end)
time("fib(25)", function() fib(25) end)
time("1e6 inserts t[i]", function() local t = {} for i = 1, 1e6 do t[i] = i end end)
time("3e5 table.insert", function() local t = {} for i = 1, 3e5 do table.insert(t, i) end end)
time("1e5 string keys", function() local t = {} for i = 1, 1e5 do t["k" .. i] = i end end)
time("2e4 s = s .. 'x'", function() local s = "" for i = 1, 20000 do s = s .. "x" end return #s end)
time("1e6 fields", function() local o = {x = 1, y = 2, z = 3} for i = 1, 1e6 do o.x = o.y + o.z o.y = i end end)
time("1e6 method calls", function() local o = {n = 0} function o:inc() self.n = self.n + 1 end for i = 1, 1e6 do o:inc() end end)
time("1e6 pairs", function() local t = {} for i = 1, 1000 do t["a" .. i] = i end local s = 0 for j = 1, 1000 do for k, v in pairs(t) do s = s + v end end end)
time("1e6 small tables", function() for i = 1, 1e6 do local t = {a = i, b = i} end end)
time("3e5 pcall", function() local f = function() end for i = 1, 3e5 do pcall(f) end end)
time("3e5 __index", function() local mt = {__index = function(t, k) return k end} for i = 1, 3e5 do local q = setmetatable({}, mt).x end end)
time("1e5 sort", function() local t, x = {}, 1 for i = 1, 1e5 do x = (x * 16807) % 2147483647 t[i] = x end table.sort(t) end)
time("3e4 sort, function", function() local t, x = {}, 1 for i = 1, 3e4 do x = (x * 16807) % 2147483647 t[i] = x end table.sort(t, function(a, b) return a < b end) end)
time("3e5 tostring, tonumber", function() for i = 1, 3e5 do local n = tonumber(tostring(i)) end end)
time("1e5 format, sub, find", function() for i = 1, 1e5 do local s = string.format("%d:%s", i, "x") local a, b = s:sub(2, 3), s:find(":", 1, true) end end)
time("matrix 80x80", function()
  local n, a, c = 80, {}, {}
  for i = 1, n do a[i] = {} for j = 1, n do a[i][j] = i + j end end
  for i = 1, n do c[i] = {} for j = 1, n do local s = 0 for k = 1, n do s = s + a[i][k] * a[k][j] end c[i][j] = s end end
end)
time("1e5 coroutine switches", function() local co = coroutine.wrap(function() while true do coroutine.yield(1) end end) for i = 1, 1e5 do co() end end)
