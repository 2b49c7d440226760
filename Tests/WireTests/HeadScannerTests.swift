import Testing
import Wire

@Suite struct HeadScannerTests {
  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\nHost: h\r\n\r\nrest", 27), ("\r\n\r\n", 4), ("a\nb", 2), ("\n", 1), ("abc\r\n\n", 6),
      ("A\r\rB\r\n\r\n", 9), ("0123456\r\n\r\n", 11), ("01234567\r\n\r\n", 12), ("\u{7f}\t\u{80}\u{ff}\r\n\r\n", 8),
      ("abc\r\nabc\r\nabc\r\r\n", nil), ("", nil), ("\r\n\r", nil), ("\n\r\n\r", 1),
    ] as [(String, Int?)])
  func findsTheEndByteByByte(text: String, end: Int?) {
    let bytes = latin1(text)
    for step in 1...9 {
      var scanner = HeadScanner()
      var found: Int?
      for count in Array(stride(from: 0, to: bytes.count, by: step)) + [bytes.count] where found == nil {
        if scanner.foundEnd(bytes.span.extracting(first: count)) { found = count }
      }
      let wanted = end.map { min(bytes.count, ($0 + step - 1) / step * step) }
      #expect(found == wanted, "in steps of \(step)")
    }
  }

  @Test func startsOver() {
    let bytes = latin1("a\r\n\r\n")
    var scanner = HeadScanner()
    var found: [Bool] = []
    for count in [5, 5, 4, 5] {
      found.append(scanner.foundEnd(bytes.span.extracting(first: count)))
      if found.count == 2 { scanner.reset() }
    }
    #expect(found == [true, true, false, true])
  }
}
