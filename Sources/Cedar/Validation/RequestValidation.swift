/// A request that is none of a schema's.
public struct RequestError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, in lower case, with what was found in backticks.
  public var message: String
  /// What would be right.
  public var expected: String?

  public var description: String { message + (expected.map { "; expected \($0)" } ?? "") }
}

extension Schema {
  /// Makes sure that the action is declared and applies to the types of principal and resource, that the context is of
  /// the action's type, and that ids of enumerated types are declared.
  public func validate(request: Request) throws(RequestError) {
    try validate(request.principal, as: "principal")
    try validate(request.resource, as: "resource")
    guard let action = actions[request.action] else {
      throw RequestError(message: "the action `\(request.action)` is not declared")
    }
    try validate(request.principal.type, as: "principal", action.principals, of: action)
    try validate(request.resource.type, as: "resource", action.resources, of: action)
    if let mismatch = Conformance(schema: self).mismatch(request.context, action.context, at: "context") {
      throw RequestError(message: mismatch.message, expected: mismatch.expected)
    }
  }

  private func validate(_ uid: EntityUID, as part: String) throws(RequestError) {
    guard let type = entityTypes[uid.type] else {
      throw RequestError(message: "the type `\(uid.type)` of the \(part) is not declared")
    }
    guard type.admits(id: uid.id) else {
      throw RequestError(
        message: "the \(part) `\(uid)` is none of the entities of its type", expected: type.idsForMessages)
    }
  }

  private func validate(
    _ type: Name, as part: String, _ types: [Name], of action: SchemaAction
  ) throws(RequestError) {
    guard !types.contains(type) else { return }
    let names = types.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
    throw RequestError(
      message: "the action `\(action.uid)` does not apply to a \(part) of type `\(type)`",
      expected: names.isEmpty ? nil : names + (types.count > 8 ? ", …" : ""))
  }
}
