import Foundation
import SluiceModel
import Testing

import SluiceConfig

@Suite struct ExampleTests {
  @Test func exampleOfTheReferenceIsWellAndMeansWhatItSays() throws {
    let loaded = try load(ConfigurationReference.example)
    let configuration = loaded.configuration
    #expect(loaded.warnings == [])
    #expect(configuration.admin.address == .unix(path: "run/sluice-admin.sock"))
    #expect(configuration.runtime.loops == nil)
    #expect(configuration.logs.access == .file(path: "logs/access.jsonl"))
    #expect(configuration.logs.decisions.keep == .seconds(7 * 86_400))
    #expect(configuration.logs.decisions.maximumSizeBytes == 1 << 30)
    #expect(configuration.listeners.map(\.name) == ["web", "mqtt", "press-1"])
    #expect(configuration.listeners[0].limits.requestHeadBytes == 32 << 10)
    #expect(configuration.listeners[0].limits.minimumBodyRate == 500)
    #expect(configuration.listeners[0].limits.requestBodyBytes == .max)
    #expect(configuration.listeners[0].trustedProxies.map(\.description) == ["10.0.0.0/8"])
    guard case .operations(let guardFilter)? = configuration.listeners[2].filters.first else {
      Issue.record("no operations filter")
      return
    }
    #expect(guardFilter.allow[0].classes == [.read])
    #expect(guardFilter.allow[1].functions == [6, 16])
    #expect(guardFilter.allow[1].addresses == [100...119])
    #expect(guardFilter.allow[1].values == [0...8_500])
    #expect(configuration.pools[0].endpoints.map(\.weight) == [1, 2])
    #expect(configuration.pools[0].balancer == .leastRequest)
    #expect(configuration.pools[0].health?.path == "/healthz")
    #expect(configuration.routes[0].matches[0].host == "historian.plant.example")
    #expect(configuration.routes[0].matches[0].path == .prefix("/api/"))
    #expect(configuration.routes[0].idleTimeout == .seconds(60))
    #expect(
      configuration.routes[0].action
        == .forward([WeightedPool(pool: "historian", weight: 9), WeightedPool(pool: "historian-next", weight: 1)]))
    #expect(configuration.routes[1].action == .forward([WeightedPool(pool: "historian")]))
    #expect(configuration.routes[1].matches[0].method == "PUT")
    guard case .redirect(let redirect) = configuration.routes[2].action else {
      Issue.record("no redirect")
      return
    }
    #expect(redirect.status == 308 && redirect.path == "/new")
    #expect(configuration.assets[0].zone == "packaging")
    #expect(configuration.zones[0].purdue == 1)
  }

  @Test func renderingIsAConfigurationThatMeansTheSame() throws {
    let loaded = try load(ConfigurationReference.example)
    let text = ConfigurationRendering.json(loaded.configuration, pretty: true)
    let again = try load(text)
    #expect(again.configuration == loaded.configuration)
    #expect(ConfigurationRendering.json(again.configuration, pretty: true) == text)
    #expect(again.hash != loaded.hash)
    #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any])
  }

  @Test func renderingKeepsUnusualValues() throws {
    let text = route(
      """
      matches: [{ headers: { X-A: "$${x}", X-B: "" } }], respond: { body: "$${HOME} \\" \\\\ \\t ☃\\n", status: 503 }
      """)
    let loaded = try load(text)
    #expect(loaded.configuration.routes[0].matches[0].headers[0].value == "${x}")
    let again = try load(ConfigurationRendering.json(loaded.configuration))
    #expect(again.configuration == loaded.configuration)
  }

  @Test func everythingHasADefault() throws {
    let loaded = try load("")
    #expect(loaded.configuration == Configuration())
    #expect(
      loaded.warnings.map(\.description) == [
        "sluice.yaml:1:1: warning: no listeners: the gateway serves nothing\n  hint: add `listeners`"
      ])
    #expect(try load("# only a comment\n").configuration == Configuration())
    #expect(try load("{}").configuration == Configuration())
  }

  @Test func hashNamesTheConfigurationAndItsFiles() throws {
    let text = listener("limits: {}")
    #expect(try load(text).hash == load(text).hash)
    #expect(try load(text).hash != load(text + "# more\n").hash)
    #expect(try load(text).hash.count == 64)
  }
}

@Suite struct ReferenceTests {
  private var page: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/configuration.md")
  }

  @Test func pageIsWhatTheSchemaSays() throws {
    let text = ConfigurationReference.markdown()
    if ProcessInfo.processInfo.environment["SLUICE_UPDATE_DOCS"] == "1" {
      try Data(text.utf8).write(to: page)
    }
    let page = try String(contentsOf: page, encoding: .utf8)
    #expect(page == text, "docs/configuration.md is stale: run the tests with SLUICE_UPDATE_DOCS=1")
  }

  @Test func everyKeyIsDescribedAndNoDefaultIsForgotten() {
    var known: [String: [String]] = [:]
    func visit(_ shape: Shape) {
      switch shape {
      case .object(let object):
        let keys = object.fields.map(\.key)
        if let others = known[object.noun] {
          // The JSON Schema and the page know an object by its noun.
          #expect(keys == others, "two kinds of \(object.noun)")
          return
        }
        known[object.noun] = keys
        #expect(!object.summary.isEmpty && Set(object.fields.map(\.key)).count == object.fields.count)
        for field in object.fields {
          #expect(field.summary.hasSuffix("."), "\(object.noun).\(field.key)")
          #expect(
            field.isRequired || field.standard != nil || field.absence != nil, "\(object.noun).\(field.key)")
          visit(field.shape)
        }
      case .list(let element, _), .map(let element, _): visit(element)
      case .either(let shapes): shapes.forEach(visit)
      default: break
      }
    }
    visit(.object(ObjectSchema.root.shape))
    #expect(known.count > 20)
  }

  @Test func jsonSchemaIsJSONAndItsReferencesLead() throws {
    let text = ConfigurationSchema.json()
    let root = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(root["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    let definitions = try #require(root["$defs"] as? [String: Any])
    let references = text.split(separator: "\"#/$defs/").dropFirst().compactMap { $0.split(separator: "\"").first }
    #expect(references.count > 50)
    for name in Set(references) { #expect(definitions[String(name)] != nil, "\(name)") }
    let properties = try #require(root["properties"] as? [String: Any])
    #expect(
      Set(properties.keys) == [
        "include", "admin", "runtime", "logs", "listeners", "pools", "routes", "assets", "zones", "policies",
        "entities", "acme",
      ])
  }
}
