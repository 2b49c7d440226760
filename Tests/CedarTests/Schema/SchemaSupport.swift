import Cedar
import Foundation
import Testing

/// What schemas come to, and what errors the rest has.
enum Schemas {
  /// The error of a text; nil when it is a schema.
  static func error(_ text: String) -> String? {
    do {
      _ = try Schema(parsing: text)
      return nil
    } catch {
      return error.description
    }
  }

  /// The error of a JSON text; nil when it is a schema.
  static func jsonError(_ text: String) -> String? {
    do {
      _ = try Schema(json: Array(text.utf8))
      return nil
    } catch {
      return error.description
    }
  }

  /// A namespace without a name that has these entity types.
  static func json(entityTypes: String, _ more: String = #""actions": {}"#) -> String {
    #"{"": {"entityTypes": \#(entityTypes), \#(more)}}"#
  }

  /// The error of the type of an attribute in JSON; nil when it is a type.
  static func typeError(_ type: String) -> String? {
    jsonError(json(entityTypes: #"{"A": {"shape": {"type": "Record", "attributes": {"x": \#(type)}}}}"#))
  }

  static func name(_ text: String) throws -> Name { try #require(Name(text)) }

  static func uid(_ text: String) throws -> EntityUID {
    let expression = try Cedar.Expression(parsing: text)
    guard case .entity(let uid) = expression.kind else { throw SyntaxError("`\(text)` is no entity", at: .none) }
    return uid
  }
}
