extension RequestFrame {
  /// The name of an entity of this request, for messages; allocates.
  public func uid(_ entity: EntityID) -> EntityUID? { uid(entity.number) }

  /// The request that was put together, as a value; allocates. Nil before the frame has an engine and all three entities.
  public var request: Request? {
    guard let engine, let principal = uid(principal), let action = uid(action), let resource = uid(resource) else {
      return nil
    }
    let context = withEvaluator(engine) { value(of: $0.context, engine) }
    guard case .record(let fields)? = context else { return nil }
    return Request(principal: principal, action: action, resource: resource, context: fields)
  }

  private func value(of word: Word, _ engine: PolicyEngine) -> Value? {
    switch word.tag {
    case .bool: return .bool(word.isTrue)
    case .long: return .long(word.long)
    case .string: return .string(String(decoding: word.bytes, as: UTF8.self))
    case .entity: return uid(word.entity).map { .entity($0) }
    case .decimal: return .decimal(Decimal(tenThousandths: word.long))
    case .ip: return .ip(word.network)
    case .datetime: return .datetime(Datetime(milliseconds: word.long))
    case .duration: return .duration(TimeSpan(milliseconds: word.long))
    case .set:
      var elements: Set<Value> = []
      for element in word.elements {
        guard let value = value(of: element, engine) else { return nil }
        elements.insert(value)
      }
      return .set(elements)
    case .record:
      var fields: [String: Value] = [:]
      for field in word.fields {
        guard let name = engine.entities.storage.lineage.attributes.name(field.name),
          let value = value(of: field.value, engine)
        else { return nil }
        fields[name] = value
      }
      return .record(fields)
    }
  }
}

extension RequestFrame {
  /// Whether an entity of this request is the other one or in it.
  package func isIn(_ entity: EntityID, _ other: EntityUID) -> Bool {
    guard let engine else { return false }
    guard let known = engine.entityID(other) else { return uid(entity) == other }
    return withEvaluator(engine) { $0.isIn(entity.number, known.number) }
  }
}
