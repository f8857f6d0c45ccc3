-- Variables of loops are fresh in each turn; closures share what they capture.
local fs = {}
for i = 1, 3 do local j = i * 10 fs[i] = function() j = j + i return i, j end end
for i = 1, 3 do print(fs[i]()) end
print(fs[1](), fs[1]())
local gs = {}
for k, v in pairs{a = 1} do gs[1] = function() v = v + 1 return k, v end end
print(gs[1]()) print(gs[1]())
local n, hs = 0, {}
while n < 3 do n = n + 1 local m = n hs[n] = function() m = m + 1 return m end end
print(hs[1](), hs[1](), hs[2](), hs[3]())
repeat local last = n n = n - 1 hs[last] = function() return last end until last == 1
print(hs[1](), hs[2](), hs[3]())
local function counter() local c = 0 return function() c = c + 1 return c end, function() return c end end
local up, get = counter() up() up() print(get())
local function fact(k) if k <= 1 then return 1 end return k * fact(k - 1) end
print(fact(10))
local x = 1 local x = x + 1 do local x = x + 1 print(x) end print(x)
local function shadow(a, a) return a end print(shadow(1, 2))
local i = 5 for i = i, i + 1 do io_ = i end print(i, io_)
for i = 1, 3 do local f = function() i = i + 10 return i end f() print(i) end
print((function(...) return select('#', ...) end)(nil, nil))
local function v(...) local a, b = ... return a, b, ... end print(v(1)) print((v(1, 2)))
local function old(...) return arg.n, arg[1], arg[2] end print(old('x', nil, 'z'))
local function both(...) local n = select('#', ...) return arg, n end print(both(1, 2))
print(pcall(function(a, b, ...) return a, b, select('#', ...) end, 1, 2, 3, nil))
local t = {v(1, 2), v(3)} print(#t, t[1], t[2], t[3], t[4])
local a, b, c = (function() return 1, 2, 3 end)() print(a, b, c)
local d, e = ((function() return 1, 2 end)()) print(d, e)
a, b = b, a print(a, b)
local q = {1, 2, 3} local k = 1 k, q[k] = k + 1, 'set' print(k, q[1], q[2])
local function order(s) print('eval ' .. s) return s end
local tt = {} tt[order('k1')], tt[order('k2')] = order('v1'), order('v2') print(tt.k1, tt.k2)
print(order('a') .. order('b') .. order('c'), order(1) + order(2) * order(3))
for a = 3, 1, -1 do if a == 2 then break end print(a) end
for a = 1, 0 do print('never') end for a = 1, 2, 0.5 do print(a) end
do local function f() return f end print(f() == f()) end
function obj_new() local o = {n = 0} function o:add(k) self.n = self.n + k return self end function o.get(s) return s.n end return o end
print(obj_new():add(2):add(3):get())
mod = {sub = {}} function mod.sub.f(x) return x * 2 end function mod.sub:g(x) return self == mod.sub, x end
print(mod.sub.f(4), mod.sub:g(5))
goto = 1 print(goto)
