import Cedar

/// Writes entities and contexts as JSON.
struct EntityWriter {
  var random: SeededRandom
  /// Leaves out `__entity` and `__extn`, which is what a schema can stand for.
  var isImplicit: Bool

  mutating func text(_ entities: [SampleEntity]) -> String {
    "[" + entities.map { text($0) }.joined(separator: ",\n") + "]"
  }

  private mutating func text(_ entity: SampleEntity) -> String {
    var text = "{\"uid\":" + name(entity.uid) + ",\"attrs\":" + record(entity.attributes)
    text += ",\"parents\":[" + entity.parents.map { name($0) }.joined(separator: ",") + "]"
    if !entity.tags.isEmpty || random.chance(20) { text += ",\"tags\":" + record(entity.tags) }
    return text + "}"
  }

  mutating func record(_ members: [SampleValue.Member]) -> String {
    "{" + members.map { $0.key.json + ":" + value($0.value) }.joined(separator: ",") + "}"
  }

  private mutating func name(_ uid: EntityUID) -> String {
    let plain = Self.plain(uid)
    return random.chance(20) ? "{\"__entity\":\(plain)}" : plain
  }

  static func plain(_ uid: EntityUID) -> String { "{\"type\":\(uid.type.text.json),\"id\":\(uid.id.json)}" }

  mutating func value(_ value: SampleValue) -> String {
    switch value {
    case .bool(let value): return value ? "true" : "false"
    case .long(let value): return String(value)
    case .string(let value): return value.json
    case .entity(let uid):
      let plain = Self.plain(uid)
      return isImplicit && random.chance(60) ? plain : "{\"__entity\":\(plain)}"
    case .set(let elements): return "[" + elements.map { self.value($0) }.joined(separator: ",") + "]"
    case .record(let members): return record(members)
    case .call(let function, let argument):
      if isImplicit {
        if random.chance(50) { return argument.json }
        if random.chance(20) { return "{\"fn\":\(function.json),\"arg\":\(argument.json)}" }
      }
      return "{\"__extn\":{\"fn\":\(function.json),\"arg\":\(argument.json)}}"
    }
  }
}
