-- Every event, where it is looked for and what its results become.
local log = function(...) print(...) end
local M = {}
for _, e in ipairs{'add', 'sub', 'mul', 'div', 'mod', 'pow', 'unm', 'concat'} do
  M['__' .. e] = function(a, b) log(e, type(a), type(b)) return e, 'dropped' end
end
local o, p = setmetatable({}, M), setmetatable({}, M)
print(o + 1, 1 + o, o - p, o * 2, 2 / o, o % 3, 2 ^ o, -o, o .. 'x', 'x' .. o, 1 .. o, o .. p, 'a' .. 'b' .. o .. 'c' .. 'd')
local C = {__lt = function(a, b) return a.v < b.v end, __le = function(a, b) return a.v <= b.v end, __eq = function(a, b) return a.v == b.v end}
local function c(v) return setmetatable({v = v}, C) end
print(c(1) < c(2), c(2) <= c(1), c(1) > c(2), c(2) >= c(2), c(1) == c(1), c(1) ~= c(1), c(1) == c(2))
local L = {__lt = function(a, b) return a.v < b.v end}
local function l(v) return setmetatable({v = v}, L) end
print(l(1) <= l(2), l(2) <= l(1), l(1) >= l(2)) print(l(1) == l(1))
print(pcall(function() return c(1) < l(1) end)) print(pcall(function() return c(1) < 1 end))
print(c(1) == l(1), c(1) == 1, c(1) == nil)
local I = setmetatable({}, {__index = function(t, k) return k .. '!' end}) print(I.x, I[1], rawget(I, 'x'))
local base = {greet = function() return 'hi' end} local mid = setmetatable({}, {__index = base}) local top = setmetatable({}, {__index = mid})
print(top.greet(), top.nothing)
local store = {} local N = setmetatable({old = 1}, {__newindex = function(t, k, v) rawset(t, k, v .. '?') end})
N.new = 'a' N.old = 'b' N.new = 'c' print(N.new, N.old)
local W = setmetatable({}, {__newindex = store}) W.x = 5 print(rawget(W, 'x'), store.x)
local F = setmetatable({}, {__call = function(self, ...) return select('#', ...), ... end}) print(F(1, nil, 3)) print(pcall(F, 9))
local FF = setmetatable({}, {__call = F}) print(pcall(function() return FF(1) end))
local T = setmetatable({}, {__tostring = function() return 'T!' end}) print(tostring(T)) print(T)
print(pcall(tostring, setmetatable({}, {__tostring = function() error('bad') end})))
print(getmetatable(setmetatable({}, {__metatable = 'locked'}))) print(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))
print(#setmetatable({1, 2}, {__len = function() return 99 end}))
print(getmetatable('').__index == string, ('x').len == string.len, ('abc'):len())
local loop = {} setmetatable(loop, {__index = loop}) print(pcall(function() return loop.x end))
local loop2 = {} setmetatable(loop2, {__newindex = loop2}) print(pcall(function() loop2.x = 1 end))
print(pcall(function() return setmetatable({}, {__index = function() error('in index') end}).x end))
print(pcall(function() return setmetatable({}, {__index = function() error('in index', 2) end}).x end))
print(pcall(function() return setmetatable({}, {__add = function(a, b) return a.x.y end}) + 1 end))
print(pcall(function() return setmetatable({}, {__index = 1}).x end)) print(pcall(function() return setmetatable({}, {__index = 'str'}).len end))
print(rawequal(c(1), c(1)), rawequal('a', 'a'))
local E = setmetatable({}, {__eq = function() return nil end}) print(E == setmetatable({}, getmetatable(E)))
local cc = setmetatable({}, {__concat = function(a, b) return 'cat' end}) print(cc .. 1 .. 2, 1 .. 2 .. cc, pcall(function() return cc .. {} end))
local function leaf(t) return t.a + t.b end
local A = {__index = function(t, k) log('index', k) return 20 end} print(leaf(setmetatable({a = 1}, A)), leaf(setmetatable({}, A)))
local function setter(t, v) t.x = v end setter(setmetatable({}, {__newindex = function(t, k, v) log('set', k, v) end}), 3)
local sum = 0 for i = 1, 100 do sum = sum + leaf{a = i, b = i} end print(sum)
