-- Numbers as text and text as numbers.
print(0, 1, -1, 0.5, 1e14, 1e15, 123456789012345, 1e100, 2^53, 2^63, -2^63, 1/3, 100/3, 1e-5, 1e-4, 0.1 + 0.2)
print(12345678901234.5, 12345678901235.5, 0.123456789012345, 99999999999999.5, 5e-324, 1.7976931348623157e308)
print(1/0, -1/0, 0/0 ~= 0/0, 5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, 2 ^ 0.5, 1e308 * 10)
print("10" + 5, "0x10" * 1, " 7 " - 1, "1e2" / 1, -"3", "2" ^ "3", 10 .. 20, 1.5 .. "", -0.0 .. "")
for _, s in ipairs{"", " ", "1", "1.", ".5", ".", "1e", "1e+", "1e5", "1E-2", "0x", "0xg", "0xff", "0XA", "0x.8", "0x1p3", "inf", "-inf", "infinity", "nanx", "1 2", "1\0", "1\n", "\t1\v", "+1", "--1", "1_0", "\2391"} do
  print(string.format("%q", s), tonumber(s))
end
print(tonumber("10", 2), tonumber("zz", 36), tonumber("9", 8), tonumber("-7", 8), tonumber(" 11 ", 3), tonumber("1.5", 10), tonumber("1.5", 16), tonumber("0x1F", 16), tonumber("ffffffffffffffffff", 16))
print(tonumber(nil), tonumber(true), tonumber({}), pcall(tonumber)) print(pcall(tonumber, "z", 99))
print(0x10, 0xA, 0xffffffff, 1e2, .5, 3., 1e-2, 0x7fffffffffffffff)
print(math.floor(-1.5), math.ceil(-1.5), math.abs(-2), math.max(1, 5, 3), math.min(2, -1), math.fmod(-5, 3), math.fmod(5, -3), math.modf(3.7), math.modf(-3.7))
print(math.frexp(10), math.frexp(0), math.frexp(-0.3), math.ldexp(0.625, 4), math.sqrt(2), math.pow(2, 10), math.deg(math.pi), math.rad(180), math.log10(1000), math.exp(0))
print(math.modf(1/0), math.modf(-1/0)) print(math.pi, math.huge, math.mod(7, 4)) print(pcall(math.floor, "x")) print(pcall(math.max)) print(math.floor("3.7"))
print(1 < 2, "a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "10" < "9", 2 == "2", "x" == "x", 0 == -0)
print(not nil, not 0, not "", nil == false, 1 and 2, nil and 1, false or nil, nil or false, 1 or error("no"), false and error("no"))
print(2 ^ 3 ^ 2, -2 ^ 2, not 1 == 2, 1 .. 2 == "12", "a" .. "b" == "ab" and 1 or 2, 1 + 2 < 4, #"abc" + 1, -#"ab", 2 * 3 % 4, 7 - 2 - 1)
for i = 0.1, 0.5, 0.1 do io = i end print(io) for i = 3, 1 do print("no") end for i = 1, 3, -1 do print("no") end for i = -1, -3, -1 do print(i) end
