import Cedar

/// One schema, one set of policies, one set of entities, and requests.
struct DifferentialCase: Sendable {
  var model: SchemaModel
  var policies: [Policy]
  var links: [SampleLink]
  var entities: [SampleEntity]
  var requests: [SampleRequest]
  /// How texts are written.
  var style: Style

  struct Style: Sendable {
    var seed: UInt64
    /// Blanks, comments, escapes and parentheses vary.
    var varies: Bool
    var hasSchemaJSON: Bool
    /// Values of entities and contexts rely on the schema to tell what they are.
    var isImplicit: Bool
    var route = Route.text
  }

  /// How policies come to the implementations.
  enum Route: CaseIterable, Sendable {
    /// Both read the text.
    case text
    /// Cedar gets the policies without a text.
    case syntaxTree
    /// Cedar reads what it printed of the text.
    case ownPrint
    /// Cedar reads the JSON that it wrote of the text.
    case ownJSON
    /// Cedar reads the JSON that the reference made of the text.
    case referenceJSON
    /// The reference reads what Cedar printed.
    case printed
    /// The reference reads the text as Cedar formats it.
    case formatted
    /// The reference reads the JSON that Cedar wrote, with its links.
    case json
  }

  init(seed: UInt64, number: Int, requests count: Int) {
    var random = SeededRandom(seed: seed, part: number)
    var schemas = SchemaGenerator(random: SeededRandom(seed: random.next()))
    model = schemas.make()
    var world = EntityGenerator(random: SeededRandom(seed: random.next()), model: model)
    entities = world.entities()
    var generator = PolicyGenerator(random: SeededRandom(seed: random.next()), model: model, names: world.names)
    let sizes = [1...3, 1...5, 3...10, 5...30, 10...60, 60...120, 120...200]
    policies = generator.policies(random.int(sizes[random.pick([0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6])]))
    links = generator.links(of: policies)
    requests = (0..<count).map { _ in world.request() }
    style = Style(
      seed: random.next(), varies: random.chance(60), hasSchemaJSON: random.chance(30), isImplicit: random.chance(25),
      route: random.chance(60) ? .text : random.pick(Route.allCases))
  }

  private func random(_ part: Int) -> SeededRandom { SeededRandom(seed: style.seed, part: part) }

  var schemaText: String {
    var writer = SchemaWriter(model, random: random(0), varies: style.varies)
    return style.hasSchemaJSON ? writer.json() : writer.text()
  }

  var policyText: String {
    var writer = PolicyWriter(random: random(1), varies: style.varies)
    return writer.text(policies)
  }

  var entitiesText: String {
    var writer = EntityWriter(random: random(2), isImplicit: style.isImplicit)
    return writer.text(entities)
  }

  func contextText(_ request: SampleRequest) -> String {
    var writer = EntityWriter(random: random(3), isImplicit: style.isImplicit)
    return writer.record(request.context)
  }
}
