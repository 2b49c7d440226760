/// What a value may be, without Swift types: the JSON Schema and the reference are written from it.
package indirect enum Shape: Sendable {
  case boolean
  /// A number, or one of a few words such as `auto`.
  case integer(ClosedRange<Int>, words: [String])
  /// Text of a named kind (`duration`, `host`), by its pattern, or one of a few words.
  case text(String, pattern: String?, words: [String])
  case choice([String])
  case list(Shape, ClosedRange<Int>)
  /// Free names to values.
  case map(Shape, keyPattern: String)
  case either([Shape])
  case object(ObjectShape)
}

/// A map with known keys.
package struct ObjectShape: Sendable {
  /// What one is called: `listener`.
  package var noun: String
  package var summary: String
  package var fields: [FieldShape]
  var exactlyOne: [String]
  var atLeastOne: [String]
}

/// One key of a map.
package struct FieldShape: Sendable {
  package var key: String
  package var summary: String
  package var shape: Shape
  package var isRequired: Bool
  /// What holds when the key is not given, as it would be written; nil when it has none.
  package var standard: JSONValue?
  /// What it means not to give the key, in words, when there is no such value.
  package var absence: String?
}
