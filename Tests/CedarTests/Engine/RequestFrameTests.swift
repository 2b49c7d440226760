import Cedar
import Testing

/// Requests as the data path makes them: by handles and bytes, in a frame that serves one after another.
@Suite struct RequestFrameTests {
  private func name(_ text: String) throws -> Name { try #require(Name(text)) }

  private func entity(_ frame: RequestFrame, _ engine: PolicyEngine, _ type: String, _ id: String) throws -> EntityID {
    let bytes = Array(id.utf8)
    return frame.entity(engine.entityTypeID(try name(type)), id: bytes.span)
  }

  private func fill(_ frame: RequestFrame, _ engine: PolicyEngine, _ principal: String = "alice") throws {
    frame.begin(engine)
    frame.principal = try entity(frame, engine, "User", principal)
    frame.action = try entity(frame, engine, "Action", "read")
    frame.resource = try entity(frame, engine, "Asset", "press")
  }

  @Test func framesDecideAsRequestsDo() throws {
    let engine = try Engine.engine(
      #"permit(principal in Group::"staff", action, resource in Zone::"site") when { context.level < 3 && context.ip.isIpv4() && context.word like "x*" && context.late > datetime("2024-01-01") };"#,
      try Engine.plant())
    let frame = RequestFrame()
    for level in [1, 2, 3, 2] {
      try fill(frame, engine)
      let word = Array("xyz".utf8)
      frame.set(engine.attributeID("level"), long: 9)
      frame.set(engine.attributeID("word"), string: word.span)
      frame.set(engine.attributeID("ip"), ip: IPNetwork(address: 1, isV6: false, prefix: 32))
      frame.set(engine.attributeID("late"), datetime: Datetime(milliseconds: 1_800_000_000_000))
      frame.set(engine.attributeID("flag"), bool: true)
      frame.set(engine.attributeID("level"), long: Int64(level))
      #expect(engine.decide(frame) == (level < 3))
      #expect(frame.reasons == (level < 3 ? [0] : []))
      #expect(engine.decision(frame).reasons == (level < 3 ? ["policy0"] : []))
      #expect(!frame.hasErrors)
    }
  }

  @Test func strangersAreOfOneRequestAlone() throws {
    let engine = try Engine.engine(
      #"permit(principal, action, resource) when { principal == context.owner && principal is User && !(principal in Group::"staff") };"#,
      try Engine.plant())
    let frame = RequestFrame()
    for (owner, isAllowed) in [("mallory", true), ("eve", false), ("alice", false)] {
      try fill(frame, engine, "mallory")
      frame.set(engine.attributeID("owner"), entity: try entity(frame, engine, "User", owner))
      #expect(engine.decide(frame) == isAllowed, "\(owner)")
    }
    try fill(frame, engine, "alice")
    frame.set(engine.attributeID("owner"), entity: try entity(frame, engine, "User", "mallory"))
    #expect(!engine.decide(frame))
  }

  @Test func parentsJoinForOneRequest() throws {
    let engine = try Engine.engine(
      #"permit(principal in Zone::"site", action, resource); permit(principal in Group::"staff", action, resource);"#,
      try Engine.plant())
    let frame = RequestFrame()
    let zone = try #require(engine.entityID(try Engine.uid(#"Zone::"north""#)))
    for (user, expected) in [("alice", [0, 1] as [UInt32]), ("mallory", [0])] {
      try fill(frame, engine, user)
      frame.join(frame.principal, [zone].span)
      engine.decide(frame)
      #expect(frame.reasons == expected, "\(user)")
      try fill(frame, engine, user)
      engine.decide(frame)
      #expect(frame.reasons == expected.filter { $0 == 1 }, "\(user)")
    }
    try fill(frame, engine)
    let bytes = Array("pressure".utf8)
    let asset = try entity(frame, engine, "Asset", "press")
    let point = frame.entity(engine.entityTypeID(try name("Point")), id: bytes.span, parents: [asset].span)
    frame.join(frame.principal, [point].span)
    engine.decide(frame)
    #expect(frame.reasons == [0, 1], "what a stranger is in counts for who is in the stranger")
  }

  @Test func anotherEnginesFrameIsDenied() throws {
    let engine = try Engine.engine("permit(principal, action, resource);")
    let frame = RequestFrame()
    try fill(frame, engine)
    #expect(engine.decide(frame))
    #expect(try !Engine.engine("permit(principal, action, resource);").decide(frame))
    #expect(frame.reasons.isEmpty)
  }

  @Test func unknownNamesAreToldApart() throws {
    let engine = try Engine.engine(
      #"permit(principal, action, resource) when { context.a == context.b }; forbid(principal, action, resource) when { context has extra };"#
    )
    let one = Value.record(["one": .long(1)])
    let other = Value.record(["other": .long(1)])
    #expect(engine.decide(try Engine.request(#"U::"a""#, #"A::"a""#, #"R::"a""#, ["a": one, "b": one])).isAllowed)
    #expect(!engine.decide(try Engine.request(#"U::"a""#, #"A::"a""#, #"R::"a""#, ["a": one, "b": other])).isAllowed)
    let stranger = Value.entity(try Engine.uid(#"New::"x""#))
    let same = Value.entity(try Engine.uid(#"New::"x""#))
    let twin = Value.entity(try Engine.uid(#"Newer::"x""#))
    #expect(
      engine.decide(try Engine.request(#"U::"a""#, #"A::"a""#, #"R::"a""#, ["a": stranger, "b": same])).isAllowed)
    #expect(
      !engine.decide(try Engine.request(#"U::"a""#, #"A::"a""#, #"R::"a""#, ["a": stranger, "b": twin])).isAllowed)
  }

  @Test func strangersAreKnownByBytesAndByValue() throws {
    let engine = try Engine.engine(
      "permit(principal, action, resource) when { context.owner == principal && context.all.contains(resource) };")
    let frame = RequestFrame()
    for others in [0, 3, 7, 8, 9, 40] {
      try fill(frame, engine, "mallory")
      var all: Set<Value> = [.entity(try Engine.uid(#"Asset::"press""#))]
      for number in 0..<others { all.insert(.entity(EntityUID(type: try name("Asset"), id: "\(number)"))) }
      frame.set(engine.attributeID("all"), value: .set(all))
      frame.set(engine.attributeID("owner"), value: .entity(try Engine.uid(#"User::"mallory""#)))
      #expect(engine.decide(frame), "\(others)")
      #expect(try entity(frame, engine, "User", "mallory") == frame.principal)
      #expect(frame.uid(frame.principal) == (try Engine.uid(#"User::"mallory""#)))
      frame.set(engine.attributeID("owner"), value: .entity(try Engine.uid(#"User::"eve""#)))
      #expect(!engine.decide(frame), "\(others)")
    }
  }
}
