/// Where the entities of a JSON text stand, for messages.
package enum EntityPlaces {
  /// The place of each entity's `uid`; of one that is there twice, the first.
  /// - Throws: what keeps the text from being a list of entities.
  package static func read(_ json: [UInt8]) throws(SyntaxError) -> [EntityUID: SourcePosition] {
    let values = ValueReader(schema: nil)
    var places: [EntityUID: SourcePosition] = [:]
    for node in try JSONReader.read(json).elements(of: "the list of entities") {
      guard let uid = node["uid"] else { continue }
      let entity = try values.entity(uid)
      if places[entity] == nil { places[entity] = uid.position }
    }
    return places
  }
}
