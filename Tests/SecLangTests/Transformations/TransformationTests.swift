import SecLang
import Testing

/// What the files of the transformations promise, and where ModSecurity 3.0.9 surprises.
@Suite struct TransformationTests {
  @Test(arguments: [
    (Transformation.lowercase, "SELECT É", "select É"),
    (.uppercase, "select é", "SELECT é"),
    (.removeNulls, "sel\0ect", "select"),
    (.replaceNulls, "a\0b", "a b"),
    (.removeWhitespace, "a  b\tc\u{b}", "abc"),
    (.compressWhitespace, "a \t b", "a b"),
    (.compressWhitespace, "a b c", "a b c"),
    (.compressWhitespace, "a \u{b}b ", "a b "),
    (.trim, " a b\n", "a b"), (.trimLeft, " a b ", "a b "), (.trimRight, " a b ", " a b"), (.trim, " \t ", ""),
    (.cmdLine, "C^OMMAND /C DIR", "command/c dir"),
    (.cmdLine, "a ,; (b", "a(b"), (.cmdLine, "\"a\" 'b'", "a b"), (.cmdLine, "/ /", "//"),
    (.urlDecode, "a%3Db+%zz", "a=b %zz"), (.urlDecode, "%2", "%2"), (.urlDecode, "%u0041", "%u0041"),
    (.urlDecodeUni, "%uff1cscript%3E", "<script>"), (.urlDecodeUni, "%u%41%U0041", "%uAA"),
    (.urlEncode, "a b=ü", "a+b%3d%c3%bc"),
    (.hexEncode, "AB", "4142"), (.hexDecode, "4142", "AB"), (.hexDecode, "414", "A"),
    (.sqlHexDecode, "0x414243", "ABC"), (.sqlHexDecode, "0X41\u{0}0x420x43", "A\u{0}BC"),
    (.sqlHexDecode, "0x4g", "0x4g"),
    (.htmlEntityDecode, "&#x3c;b&gt", "<b>"), (.htmlEntityDecode, "&LT;&Quot;", "<\""),
    (.htmlEntityDecode, "&ltx;&#;&#x;&", "&ltx;&#;&#x;&"),
    (.jsDecode, "\\x3cscript\\u003e", "<script>"), (.jsDecode, "\\uFF1c\\74\\400\\q\\", "<< 0q\\"),
    (.escapeSeqDecode, "\\x3c\\163cript", "<script"), (.escapeSeqDecode, "\\n\\q\\", "\nq\\"),
    (.cssDecode, "ja\\vascript\\3a", "javascript:"), (.cssDecode, "\\ff1c\\00ff1c x\\", "<<x"),
    (.cssDecode, "\\0000411a\\\nb", "A1ab"),
    (.utf8toUnicode, "café", "caf%u00e9"), (.utf8toUnicode, "€😀", "%u20ac%u1f600"), (.utf8toUnicode, "a\0b", "ab"),
    (.removeComments, "sel/*x*/ect--y", "select"), (.removeComments, "a<!--x-->b#c", "ab"),
    (.removeComments, "a/*b", "a "), (.removeComments, "/*x*//*y*/", "/*y*/"), (.removeComments, "a/*b*/", "a\0"),
    (.removeCommentsChar, "a/*b*/--c", "abc"), (.removeCommentsChar, "<!--a-->#", "a"),
    (.replaceComments, "union/*x*/select", "union select"), (.replaceComments, "a/*b*/c/*d", "a c "),
    (.normalizePath, "/a//./b/../c", "/a/c"), (.normalizePath, "a/b..", "a"), (.normalizePath, "/..", ""),
    (.normalizePath, "../../a/..", "../.."), (.normalizePath, "a/../../b", "../b"), (.normalizePath, "ab..", ""),
    (.normalizePathWin, "\\a\\..\\b", "/b"), (.normalizePathWin, "a\\\\\\\\b", "a/b"),
    (.base64Encode, "Test", "VGVzdA=="), (.base64Encode, "ab", "YWI="), (.base64Encode, "abc", "YWJj"),
    (.base64Decode, "VGVzdA==", "Test"), (.base64Decode, "VGVz\r\ndA==", "Test"), (.base64Decode, "VGVz \ndA", "Test"),
    (.base64Decode, "VGVz!dA==", "Tes"), (.base64Decode, "VGVz dA==", "Tes"), (.base64Decode, "VGVzd", "Tes"),
    (.base64DecodeExt, "P.HNjcmlwdD4=", "<script>"), (.base64DecodeExt, "VG=Vz!9", "Tes"),
    (.base64DecodeExt, "Pz8_", "???"),
    (.length, "abc", "3"), (.length, "1", "1"), (.length, "", "0"),
    (.phpArgsNames, "a.b[x]y", "a_b[x]"), (.phpArgsNames, " a b", "a_b"), (.phpArgsNames, "[a", ""),
    (.phpArgsNames, "a[b c.d", "a_b c.d"), (.phpArgsNames, "a[ ]", "a[]"), (.phpArgsNames, "a[b][c]", "a[b][c]"),
    (.none, "A%41", "A%41"),
  ])
  func results(_ transformation: Transformation, _ input: String, _ expected: String) {
    let result = transformation.result(input)
    #expect(result == Array(expected.utf8), "\(String(decoding: result, as: UTF8.self))")
  }

  @Test func bytesBeyondASCII() {
    #expect(Transformation.removeWhitespace.result([0x61, 0xa0, 0xc2, 0x62]) == [0x61, 0x62])
    #expect(Transformation.htmlEntityDecode.result("&nbsp;") == [0xa0])
    #expect(
      Transformation.htmlEntityDecode.result("&#x10000000000000041;&#256;&#99999999999999999999999;") == [
        0xff, 0, 0xff,
      ])
    #expect(
      Transformation.htmlEntityDecode.result("&#18446744073709551619;&#9223372036854775807;&#x41") == [
        0xff, 0xff, 0x41,
      ])
    #expect(Transformation.escapeSeqDecode.result("\\666") == [0xb6])
    #expect(Transformation.parityEven7bit.result("a\0") == [0xe1, 0])
    #expect(Transformation.parityOdd7bit.result("c\0") == [0xe3, 0x80])
    #expect(Transformation.parityZero7bit.result([0xe1]) == [0x61])
    #expect(Transformation.hexDecode.result("0z") == [0x23])
  }

  /// A first byte without what must follow goes, what is written too long and surrogates keep it, 0xF5 and up stays.
  @Test(
    arguments: [
      ([0xc3, 0x41], "A"), ([0x80, 0xbf], nil), ([0xff], nil), ([0xf5, 0x41], nil), ([0xe2, 0x82], "\u{82}"),
      ([0xc0, 0xaf], "%u002f\u{c0}"), ([0xe0, 0x80, 0xaf], "%u002f\u{e0}"), ([0xed, 0xa0, 0x80], "%ud800\u{ed}"),
      ([0xf5, 0x80, 0x80, 0x80], "\u{f5}%u140000"),
    ] as [([UInt8], String?)])
  func malformedUTF8(_ input: [UInt8], _ expected: String?) {
    let bytes = expected.map { $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
    #expect(Transformation.utf8toUnicode.result(input) == bytes ?? input)
  }

  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a", "50abf5706a150990a08b2c5ea40fa0e585554732"
    ),
    (String(repeating: "a", count: 55), "ef1772b6dff9a122358552954ad0df65", "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
    (String(repeating: "a", count: 56), "3b0c8ac703f828b04c6c197006d17218", "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
    (String(repeating: "a", count: 64), "014842d480b571495a4a0363793f7367", "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
  ])
  func digests(_ input: String, _ md5: String, _ sha1: String) {
    #expect(Transformation.hexEncode.result(Transformation.md5.result(input)) == Array(md5.utf8))
    #expect(Transformation.hexEncode.result(Transformation.sha1.result(input)) == Array(sha1.utf8))
  }
}
