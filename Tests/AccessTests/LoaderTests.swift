import Access
import Cedar
import SluiceModel
import Testing

/// Policies and entities come from files; whatever is wrong with them is told with its place.
@Suite struct LoaderTests {
  private func issues(
    _ files: [String: String], _ change: (inout Configuration) -> Void = { _ in }
  ) -> AccessIssues {
    var configuration = plant()
    change(&configuration)
    do throws(AccessIssues) {
      _ = try AccessLoader.load(configuration, from: memory(files))
    } catch { return error }
    return AccessIssues()
  }

  private static let entities = ["entities/a.json": "[]"]
  private static let policies = ["policies/a.cedar": "permit(principal, action, resource);"]

  @Test func policiesGoByTheirIDs() throws {
    let files = memory([
      "conf/policies/b.cedar": """
      permit(principal, action in Action::"read", resource);

        @id("guard") @reason("the press is in maintenance")
        forbid(principal, action, resource == Asset::"press-1");
      """, "conf/policies/a.cedar": "@id permit(principal, action, resource);", "conf/entities/a.json": "[]",
    ])
    var configuration = plant()
    configuration.policies = [FilePattern("policies/*.cedar", path: "conf/policies/*.cedar")]
    configuration.entities = [FilePattern("entities/*.json", path: "conf/entities/*.json")]
    let texts = try AccessLoader.load(configuration, from: files).snapshot.texts
    #expect(
      texts == [
        PolicyText(
          rule: "policies/a.cedar:policy0", reason: "the policy permits it", file: "policies/a.cedar",
          place: "policies/a.cedar:1:1", isForbid: false),
        PolicyText(
          rule: "policies/b.cedar:policy0", reason: "the policy permits it", file: "policies/b.cedar",
          place: "policies/b.cedar:1:1", isForbid: false),
        PolicyText(
          rule: "guard", reason: "the press is in maintenance", file: "policies/b.cedar", place: "policies/b.cedar:3:3",
          isForbid: true),
      ])
  }

  @Test func templatesAreLinkedInTheJSONForm() throws {
    let text = """
      {"staticPolicies": {}, "templates": {"t": {"effect": "permit", "principal": {"op": "==", "slot": "?principal"},
        "action": {"op": "All"}, "resource": {"op": "All"}, "conditions": []}},
       "templateLinks": [{"templateId": "t", "newId": "one",
         "values": {"?principal": {"__entity": {"type": "Client", "id": "10.0.5.7"}}}}]}
      """
    var configuration = plant()
    configuration.policies = [FilePattern("policies/links.json")]
    let loaded = try AccessLoader.load(
      configuration, from: memory(["policies/links.json": text, "entities/a.json": "[]"]))
    let asker = Asker(loaded)
    #expect(try asker.http() && asker.rules == ["policies/links.json:one"])
  }

  @Test(arguments: [
    ("permit(principal, action, resource)", "policies/a.cedar", 1, 36, "expected"),
    ("permit(principal, action, resource) when { context.nothing };", "policies/a.cedar", 1, 44, "`nothing`"),
    ("permit(principal, action == Action::\"http:GOT\", resource);", "policies/a.cedar", 1, 1, "http:GOT"),
    ("permit(principal == Person::\"x\", action, resource);", "policies/a.cedar", 1, 1, "Person"),
    (
      "permit(principal, action == Action::\"http:GET\", resource) when { context.time > 5 };", "policies/a.cedar", 1,
      66,
      ""
    ),
  ])
  func badPoliciesAreToldWithTheirPlace(_ text: String, _ file: String, _ line: Int, _ column: Int, _ part: String) {
    let found = issues(Self.entities.merging(["policies/a.cedar": text]) { $1 }).errors
    #expect(found.count >= 1)
    guard let issue = found.first else { return }
    #expect(issue.file == file && issue.line == line, "\(issue)")
    #expect("\(issue.message) \(issue.hint ?? "")".contains(part), "\(issue)")
  }

  @Test(arguments: [
    ("{", 1, "JSON"), ("[{\"uid\":{\"type\":\"Nobody\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]}]", 1, "Nobody"),
    (
      "[\n  {\"uid\":{\"type\":\"Zone\",\"id\":\"x\"},\"attrs\":{\"purdue\":\"one\"},\"parents\":[]}]", 2, "`Long`"
    ),
    (
      "[\n {\"uid\":{\"type\":\"Group\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]},\n"
        + " {\"uid\":{\"type\":\"Group\",\"id\":\"x\"},\"attrs\":{},\"parents\":[],\"tags\":{\"a\":\"b\"}}]", 3,
      "Group::\"x\""
    ),
    (
      "[\n\n {\"uid\":{\"type\":\"Group\",\"id\":\"x\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"x\"}]}]",
      3,
      "ancestor"
    ),
    (
      "[{\"uid\":{\"type\":\"Zone\",\"id\":\"packaging\"},\"attrs\":{\"purdue\":2},\"parents\":[]}]", 1,
      "something else in the configuration"
    ),
  ])
  func badEntitiesAreToldWithTheirPlace(_ text: String, _ line: Int, _ part: String) {
    let found = issues(Self.policies.merging(["entities/a.json": text]) { $1 }).errors
    #expect(found.count == 1)
    guard let issue = found.first else { return }
    #expect(issue.file == "entities/a.json" && issue.line == line, "\(issue)")
    #expect("\(issue.message) \(issue.hint ?? "")".contains(part), "\(issue)")
  }

  @Test func anIDIsThereOnce() {
    let text = "@id(\"x\") permit(principal, action, resource);"
    let found = issues(Self.entities.merging(["policies/a.cedar": text, "policies/b.cedar": "\n" + text]) { $1 }).errors
    #expect(found.map(\.message) == ["the policy id `x` is taken"])
    #expect(found.first?.file == "policies/b.cedar" && found.first?.line == 2)
    #expect(found.first?.hint == "it is first used at policies/a.cedar:1:1")
  }

  @Test func filesThatAreNotThereAreErrors() {
    let found = issues([:]) { $0.policies.append(FilePattern("own.cedar")) }.errors
    #expect(found.map(\.key) == ["policies[0]", "policies[1]", "entities[0]"])
    #expect(found.map(\.message).first == "no file matches `policies/*.cedar`")
    #expect(found.map(\.message)[1] == "can't read `own.cedar`: no such file")
  }

  @Test func aFileThatTwoPatternsNameIsReadOnce() throws {
    var configuration = plant()
    configuration.policies.append(FilePattern("policies/plant.cedar"))
    #expect(try load("permit(principal, action, resource);", configuration).snapshot.texts.count == 1)
  }

  @Test func namesThatAreNowhereAreDoubtful() throws {
    let loaded = try load(
      """
      permit(principal in Group::"engineers", action, resource == Asset::"pres-1");
      permit(principal in Zone::"packaging", action, resource in Route::"historian-api")
        when { context has zone && context.zone == Zone::"offices" };
      permit(principal in Group::"operators", action, resource);
      """,
      entities: """
        [{"uid":{"type":"Client","id":"10.0.5.7"},"attrs":{},"parents":[{"type":"Group","id":"operators"}]},
         {"uid":{"type":"Point","id":"press-1/spare"},"attrs":{},"parents":[]}]
        """)
    #expect(
      loaded.warnings.map(\.message) == [
        "there is no `Group::\"engineers\"`", "there is no `Asset::\"pres-1\"`", "there is no `Zone::\"offices\"`",
        "the configuration has no `Point::\"press-1/spare\"`",
      ])
    #expect(loaded.warnings.map(\.line) == [1, 1, 3, 2])
    #expect(loaded.warnings[1].hint == "there is `press-1`")
  }

  @Test func filesAddToWhatTheConfigurationSays() throws {
    let loaded = try load(
      """
      permit(principal in Group::"hmi", action, resource) when { resource in Group::"critical" };
      permit(principal, action in Action::"modbus", resource is Point in Zone::"packaging") when {
        resource has maximum && context has maximumValue && context.maximumValue <= resource.maximum
      };
      permit(principal, action in Action::"http", resource in Zone::"packaging") when {
        principal.hasTag("badge") && principal.getTag("badge") == "7"
      };
      """,
      entities: """
        [{"uid":{"type":"Client","id":"10.0.5.7"},"attrs":{},"parents":[],"tags":{"badge":"7"}},
         {"uid":{"type":"Certificate","id":"CN=hmi-1,O=Plant"},"attrs":{},"parents":[{"type":"Group","id":"hmi"}]},
         {"uid":{"type":"Asset","id":"press-1"},"attrs":{"safety":true},"parents":[{"type":"Group","id":"critical"}]},
         {"uid":{"type":"Point","id":"press-1/setpoint"},"attrs":{"maximum":8500},"parents":[]}]
        """)
    var asker = Asker(loaded)
    #expect(try asker.modbus([6, 0, 100, 0x21, 0x34]) == ["+holding-register 100"])
    #expect(try asker.modbus([6, 0, 100, 0x21, 0x35]) == ["-holding-register 100"])
    #expect(try asker.http())
    asker.tls = facts(peer())
    #expect(try !asker.http())
    #expect(try asker.modbus([6, 0, 110, 0, 1]) == ["+holding-register 110"])
  }

  @Test func policiesThatDidNotChangeStayCompiled() throws {
    let library = AccessLibrary()
    let files = memory(Self.entities.merging(Self.policies) { $1 })
    let first = try library.load(plant(), from: files)
    var configuration = plant()
    configuration.runtime.loops = 3
    #expect(try library.load(configuration, from: files).snapshot === first.snapshot)
    configuration.assets[0].points[0].addresses = [0...1]
    let second = try library.load(configuration, from: files)
    #expect(second.snapshot !== first.snapshot && library.snapshot === second.snapshot)
    let bad = memory(Self.entities.merging(["policies/a.cedar": "permit"]) { $1 })
    #expect(throws: AccessIssues.self) { try library.load(configuration, from: bad) }
    #expect(library.snapshot === second.snapshot)
  }
}
