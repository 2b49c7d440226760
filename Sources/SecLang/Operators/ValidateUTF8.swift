/// `@validateUtf8Encoding`: matches a value that is not UTF-8 by RFC 3629: bytes missing or out of place, characters
/// written longer than need be, surrogates, and what lies beyond U+10FFFF. No arguments.
package enum ValidateUTF8 {
  package static func isInvalid(_ value: Span<UInt8>) -> Bool {
    var index = 0
    while index < value.count {
      let lead = value[index]
      if lead < 0x80 {
        index &+= 1
        continue
      }
      // The second byte has narrower bounds behind some first bytes (RFC 3629, section 4).
      let length: Int
      var bounds: ClosedRange<UInt8> = 0x80...0xbf
      switch lead {
      case 0xc2...0xdf: length = 2
      case 0xe0: (length, bounds) = (3, 0xa0...0xbf)
      case 0xed: (length, bounds) = (3, 0x80...0x9f)
      case 0xe1...0xef: length = 3
      case 0xf0: (length, bounds) = (4, 0x90...0xbf)
      case 0xf1...0xf3: length = 4
      case 0xf4: (length, bounds) = (4, 0x80...0x8f)
      default: return true
      }
      guard value.count &- index >= length, bounds.contains(value[index &+ 1]) else { return true }
      for offset in 2..<max(2, length) where value[index &+ offset] & 0xc0 != 0x80 { return true }
      index &+= length
    }
    return false
  }
}
