import Cedar

/// What must hold for any text as entities, a request, a context, a value, or as the string of an extension type: it is
/// refused with a reason and a place, or what was read is read again from what is written. What is read by a schema
/// conforms to it. The fuzzer and the tests check the same.
enum EntityProperties {
  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    let schema = Sample.schema
    if schema == nil { return "the sample schema is refused" }
    return entitiesFailure(bytes, nil) ?? entitiesFailure(bytes, schema) ?? requestFailure(bytes, nil)
      ?? requestFailure(bytes, schema) ?? contextFailure(bytes, schema) ?? valueFailure(bytes)
      ?? textFailure(String(decoding: bytes, as: UTF8.self))
  }

  private static func entitiesFailure(_ bytes: [UInt8], _ schema: Schema?) -> String? {
    let entities: [Entity]
    do throws(SyntaxError) {
      entities = try Cedar.EntityReader.read(bytes, schema: schema)
    } catch {
      return reasonFailure(error)
    }
    if Set(entities.map(\.uid)).count != entities.count { return "an entity is there twice" }
    if let schema {
      do throws(EntityError) { try schema.validate(entities: entities) } catch { return "not of the schema: \(error)" }
    }
    // Records with the keys that JSON keeps for other things can't be written.
    guard let text = try? Cedar.EntityWriter.json(entities) else { return nil }
    guard let again = try? Cedar.EntityReader.read(Array(text.utf8), schema: schema) else {
      return "what was written is refused: \(text)"
    }
    return again == entities ? nil : "other entities: \(text)"
  }

  private static func requestFailure(_ bytes: [UInt8], _ schema: Schema?) -> String? {
    let request: Request
    do throws(SyntaxError) {
      request = try RequestReader.read(bytes, schema: schema)
    } catch {
      return reasonFailure(error)
    }
    guard let text = try? request.json(isPretty: true) else { return nil }
    return (try? RequestReader.read(Array(text.utf8), schema: schema)) == request ? nil : "another request: \(text)"
  }

  private static func contextFailure(_ bytes: [UInt8], _ schema: Schema?) -> String? {
    guard let context = try? ContextReader.read(bytes, schema: schema, action: Sample.action) else { return nil }
    guard let text = try? Value.record(context).json() else { return nil }
    return (try? ContextReader.read(Array(text.utf8), schema: schema, action: Sample.action)) == context
      ? nil : "another context: \(text)"
  }

  private static func valueFailure(_ bytes: [UInt8]) -> String? {
    guard let value = try? Value(json: bytes), let text = try? value.json() else { return nil }
    return (try? Value(json: Array(text.utf8))) == value ? nil : "another value: \(text)"
  }

  /// The strings of extension types, and entities in policies.
  private static func textFailure(_ text: String) -> String? {
    if let value = try? Decimal(parsing: text), (try? Decimal(parsing: value.description)) != value {
      return "another decimal: \(value)"
    }
    if let value = try? IPNetwork(parsing: text), (try? IPNetwork(parsing: value.description)) != value {
      return "another ipaddr: \(value)"
    }
    if let value = try? TimeSpan(parsing: text), (try? TimeSpan(parsing: value.description)) != value {
      return "another duration: \(value)"
    }
    if let value = try? Datetime(parsing: text) {
      let written = try? Value(json: Array(((try? Value.datetime(value).json()) ?? "").utf8))
      if written != .datetime(value) { return "another datetime: \(value)" }
      guard let date = try? value.toDate(), (try? date.offset(by: value.toTime())) == value else {
        return "\(value) is not its date and its time"
      }
    }
    if let uid = try? EntityUID(parsing: text), (try? EntityUID(parsing: uid.description)) != uid {
      return "another entity: \(uid)"
    }
    return nil
  }

  private static func reasonFailure(_ error: SyntaxError) -> String? {
    error.message.isEmpty || error.position.line == 0 || error.position.column == 0 ? "no reason: \(error)" : nil
  }

  private enum Sample {
    static let action = try? EntityUID(parsing: "Action::\"read\"")

    static let schema = try? Schema(
      parsing: """
        entity Zone;
        entity Color enum ["red", "green"];
        entity Group in [Group, Zone];
        type Contact = { mail: String, phones?: Set<Long> };
        entity User in [Group] {
          name?: String, level?: Long, active?: Bool, home?: Zone, color?: Color, address?: ipaddr, rate?: decimal,
          since?: datetime, shift?: duration, ranges?: Set<ipaddr>, groups?: Set<Group>, contact?: Contact
        } tags Set<String>;
        action any;
        action read in [any] appliesTo {
          principal: User, resource: Zone, context: { address?: ipaddr, at?: datetime, peer?: User }
        };
        """)
  }
}
