/// Writes entities as the JSON that `EntityReader` reads.
public enum EntityWriter {
  /// - Parameter isPretty: whether to indent by two spaces; otherwise all is on one line.
  /// - Throws: when a value has no form in JSON; see `Value.json()`.
  public static func json(_ entities: [Entity], isPretty: Bool = false) throws(SyntaxError) -> String {
    var nodes: [JSONNode] = []
    for entity in entities { nodes.append(try node(entity)) }
    return JSONNode(.array(nodes)).text(isPretty: isPretty)
  }

  private static func node(_ entity: Entity) throws(SyntaxError) -> JSONNode {
    let parents = entity.parents.sorted().map(\.jsonNode)
    var members = [
      JSONMember(key: "uid", value: entity.uid.jsonNode),
      // They are in the list and in the entity.
      JSONMember(key: "attrs", value: try Value.jsonNode(entity.attributes, depth: 2)),
      JSONMember(key: "parents", value: JSONNode(.array(parents))),
    ]
    if !entity.tags.isEmpty {
      members.append(JSONMember(key: "tags", value: try Value.jsonNode(entity.tags, depth: 2)))
    }
    return JSONNode(.object(members))
  }
}

extension Request {
  /// The JSON that `RequestReader` reads.
  /// - Throws: when a value of the context has no form in JSON; see `Value.json()`.
  public func json(isPretty: Bool = false) throws(SyntaxError) -> String {
    JSONNode(
      .object([
        JSONMember(key: "principal", value: principal.jsonNode),
        JSONMember(key: "action", value: action.jsonNode),
        JSONMember(key: "resource", value: resource.jsonNode),
        JSONMember(key: "context", value: try Value.record(context).jsonNode(depth: 1)),
      ])
    ).text(isPretty: isPretty)
  }
}
