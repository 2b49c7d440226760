/// Reads the value of a `Cookie` field as ModSecurity 3 does: cut at each `;`, the first `=` ends the name, white space
/// before each name and behind the last cookie goes, a cookie without a name is left out, nothing is decoded.
package enum CookieParser {
  /// - Returns: cookies that were not kept because of ``BodyLimits/arguments``.
  @discardableResult
  package static func parse(
    _ field: Span<UInt8>, into store: inout FieldStore, limits: BodyLimits = BodyLimits()
  ) -> Int {
    var last = field.count
    if last > 0, field[last &- 1] == UInt8(ascii: ";") { last &-= 1 }
    while last > 0, BodyBytes.isSpace(field[last &- 1]) { last &-= 1 }
    let field = field.extracting(0..<last)
    var omitted = 0
    var start = 0
    while start < field.count {
      let end = BodyBytes.index(of: UInt8(ascii: ";"), in: field, start..<field.count) ?? field.count
      let equals = BodyBytes.index(of: UInt8(ascii: "="), in: field, start..<end)
      var name = start..<(equals ?? end)
      while let first = name.first, BodyBytes.isSpace(field[first]) { name = (first &+ 1)..<name.upperBound }
      if !name.isEmpty {
        if store.count < limits.arguments {
          let value = equals.map { ($0 &+ 1)..<end } ?? end..<end
          store.append(name: field.extracting(name), value: field.extracting(value))
        } else {
          omitted &+= 1
        }
      }
      start = end &+ 1
    }
    return omitted
  }
}
