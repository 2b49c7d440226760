/// What transformations look up: the map of Unicode characters to bytes that `SecUnicodeMapFile FILE CODEPAGE` names.
package struct TransformationTables: Sendable {
  private let map: UnicodeMap?

  /// Without a map: `urlDecodeUni` takes the lower byte.
  package init() { map = nil }

  package init(unicodeMap: UnicodeMap) { map = unicodeMap }

  /// The map of a code page from the text of a `unicode.mapping` file; the built-in one when the file doesn't have the
  /// code page and it is 20127, none otherwise.
  package init(unicodeMap text: [UInt8], codePage: Int) {
    map = UnicodeMap(text: text.span, codePage: codePage) ?? (codePage == 20127 ? .usASCII : nil)
  }

  /// The byte that a UTF-16 unit maps to.
  @inline(__always)
  func byte(_ high: UInt8, _ low: UInt8) -> UInt8? { map?.byte(high, low) }
}

/// The best fitting byte of one code page for characters that are none of it.
package struct UnicodeMap: Sendable {
  /// For each higher byte where its 256 entries begin; 0, where there is none, is a page without entries.
  private var pages = [UInt16](repeating: 0, count: 256)
  /// 0xFFFF where nothing is mapped.
  private var entries = [UInt16](repeating: 0xffff, count: 256)

  /// Microsoft's best fit for US-ASCII, code page 20127.
  package static let usASCII: UnicodeMap = {
    var map = UnicodeMap()
    for line in usASCIIBestFit.utf8.split(separator: 0x0a) { map.add(line: Array(line).span, from: 0) }
    return map
  }()

  private init() {}

  /// Reads `NUMBER (name)` lines, each followed by lines of `hhhh:hh` pairs. Nil when the code page isn't there. What
  /// is no pair is passed over.
  package init?(text: Span<UInt8>, codePage: Int) {
    var isFound = false
    var isWanted = false
    var start = 0
    while start < text.count {
      let end = Rewriting.firstIndex(of: 0x0a, in: text, from: start) ?? text.count
      var index = start
      while index < end, EscapeDigits.isSpace(text[index]) { index &+= 1 }
      if index < end, index &+ 4 >= end || text[index &+ 4] != UInt8(ascii: ":") {
        isWanted = Self.number(text, from: index, to: end) == codePage
        isFound = isFound || isWanted
      } else if isWanted {
        add(line: text.extracting(index..<end), from: 0)
      }
      start = end &+ 1
    }
    guard isFound else { return nil }
  }

  private static func number(_ text: Span<UInt8>, from start: Int, to end: Int) -> Int? {
    var value = 0
    var index = start
    while index < end, text[index] &- 0x30 < 10, index &- start < 9 {
      value = value &* 10 &+ Int(text[index] &- 0x30)
      index &+= 1
    }
    return index > start ? value : nil
  }

  private mutating func add(line: Span<UInt8>, from start: Int) {
    var index = start
    while index < line.count {
      if index &+ 6 < line.count, line[index &+ 4] == UInt8(ascii: ":"),
        let high = EscapeDigits.hexPair(line, at: index), let low = EscapeDigits.hexPair(line, at: index &+ 2),
        let byte = EscapeDigits.hexPair(line, at: index &+ 5)
      {
        set(high, low, byte)
        index &+= 7
      } else {
        index &+= 1
      }
    }
  }

  private mutating func set(_ high: UInt8, _ low: UInt8, _ byte: UInt8) {
    if pages[Int(high)] == 0 {
      pages[Int(high)] = UInt16(truncatingIfNeeded: entries.count / 256)
      entries += [UInt16](repeating: 0xffff, count: 256)
    }
    entries[Int(pages[Int(high)]) &* 256 &+ Int(low)] = UInt16(byte)
  }

  @inline(__always)
  func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
    UInt8(exactly: entries[Int(pages[Int(high)]) &* 256 &+ Int(low)])
  }
}

/// Full-width characters are not in it: they fold without a table.
private let usASCIIBestFit = """
  00a0:20 00a1:21 00a2:63 00a4:24 00a5:59 00a6:7c 00a9:43 00aa:61 00ab:3c 00ad:2d 00ae:52 00b2:32 00b3:33 00b7:2e
  00b8:2c 00b9:31 00ba:6f 00bb:3e 00c0:41 00c1:41 00c2:41 00c3:41 00c4:41 00c5:41 00c6:41 00c7:43 00c8:45 00c9:45
  00ca:45 00cb:45 00cc:49 00cd:49 00ce:49 00cf:49 00d0:44 00d1:4e 00d2:4f 00d3:4f 00d4:4f 00d5:4f 00d6:4f 00d8:4f
  00d9:55 00da:55 00db:55 00dc:55 00dd:59 00e0:61 00e1:61 00e2:61 00e3:61 00e4:61 00e5:61 00e6:61 00e7:63 00e8:65
  00e9:65 00ea:65 00eb:65 00ec:69 00ed:69 00ee:69 00ef:69 00f1:6e 00f2:6f 00f3:6f 00f4:6f 00f5:6f 00f6:6f 00f8:6f
  00f9:75 00fa:75 00fb:75 00fc:75 00fd:79 00ff:79 0100:41 0101:61 0102:41 0103:61 0104:41 0105:61 0106:43 0107:63
  0108:43 0109:63 010a:43 010b:63 010c:43 010d:63 010e:44 010f:64 0110:44 0111:64 0112:45 0113:65 0114:45 0115:65
  0116:45 0117:65 0118:45 0119:65 011a:45 011b:65 011c:47 011d:67 011e:47 011f:67 0120:47 0121:67 0122:47 0123:67
  0124:48 0125:68 0126:48 0127:68 0128:49 0129:69 012a:49 012b:69 012c:49 012d:69 012e:49 012f:69 0130:49 0131:69
  0134:4a 0135:6a 0136:4b 0137:6b 0139:4c 013a:6c 013b:4c 013c:6c 013d:4c 013e:6c 0141:4c 0142:6c 0143:4e 0144:6e
  0145:4e 0146:6e 0147:4e 0148:6e 014c:4f 014d:6f 014e:4f 014f:6f 0150:4f 0151:6f 0152:4f 0153:6f 0154:52 0155:72
  0156:52 0157:72 0158:52 0159:72 015a:53 015b:73 015c:53 015d:73 015e:53 015f:73 0160:53 0161:73 0162:54 0163:74
  0164:54 0165:74 0166:54 0167:74 0168:55 0169:75 016a:55 016b:75 016c:55 016d:75 016e:55 016f:75 0170:55 0171:75
  0172:55 0173:75 0174:57 0175:77 0176:59 0177:79 0178:59 0179:5a 017b:5a 017c:7a 017d:5a 017e:7a 0180:62 0189:44
  0191:46 0192:66 0197:49 019a:6c 019f:4f 01a0:4f 01a1:6f 01ab:74 01ae:54 01af:55 01b0:75 01b6:7a 01cd:41 01ce:61
  01cf:49 01d0:69 01d1:4f 01d2:6f 01d3:55 01d4:75 01d5:55 01d6:75 01d7:55 01d8:75 01d9:55 01da:75 01db:55 01dc:75
  01de:41 01df:61 01e4:47 01e5:67 01e6:47 01e7:67 01e8:4b 01e9:6b 01ea:4f 01eb:6f 01ec:4f 01ed:6f 01f0:6a 0261:67
  02b9:27 02ba:22 02bc:27 02c4:5e 02c6:5e 02c8:27 02cb:60 02cd:5f 02dc:7e 0300:60 0302:5e 0303:7e 030e:22 0331:5f
  0332:5f 2000:20 2001:20 2002:20 2003:20 2004:20 2005:20 2006:20 2010:2d 2011:2d 2013:2d 2014:2d 2018:27 2019:27
  201a:2c 201c:22 201d:22 201e:22 2022:2e 2026:2e 2032:27 2035:60 2039:3c 203a:3e 2122:54
  """
