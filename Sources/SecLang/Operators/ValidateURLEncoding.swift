/// `@validateUrlEncoding`: matches a value with a `%` that two hexadecimal digits don't follow. No arguments.
package enum ValidateURLEncoding {
  package static func isInvalid(_ value: Span<UInt8>) -> Bool {
    var place = Rewriting.firstIndex(of: UInt8(ascii: "%"), in: value)
    while let index = place {
      guard EscapeDigits.hexPair(value, at: index &+ 1) != nil else { return true }
      place = Rewriting.firstIndex(of: UInt8(ascii: "%"), in: value, from: index &+ 3)
    }
    return false
  }
}
