/// The reference of the configuration file: `docs/configuration.md`.
public enum ConfigurationReference {
  /// The reference as Markdown.
  public static func markdown() -> String {
    var page = Page()
    page.add(ObjectSchema.root.shape)
    return [introduction, "## Example\n\n```yaml\n# sluice.yaml\n\(example)```", page.text].joined(separator: "\n\n")
      + "\n"
  }

  private static let introduction = """
    # Configuration

    <!-- Made from the schema in Sources/SluiceConfig/Sections. Change it there. -->

    Sluice reads one YAML file, or several by `include`. `sluice check -c sluice.yaml` tells what is wrong with it, with
    `file:line:column` and a hint; `sluice schema` prints a JSON Schema for editors; `sluice diff -c new.yaml` shows what
    would change in the running gateway.

    - Unknown keys and keys that stand twice are errors.
    - Durations have a unit: `500ms`, `10s`, `5m`, `1h`, `7d`. Sizes have one: `500B`, `32KiB`, `10MB`, `1GiB`. Rates
      are sizes a second: `500B/s`.
    - Names have up to 63 letters, digits, `.`, `_` and `-`, and begin with a letter or digit.
    - `${NAME}` puts an environment variable into any value, and `${NAME:-default}` has a default for one that is unset
      or empty; an unset one without a default is an error. `$${` stands for the characters `${`. Put quotes around it
      inside `{ }` and `[ ]`.
    - `file:PATH` stands for the text of a file where the tables say so, without the line break at its end.
    - Paths of included files are relative to the file that names them; all others are relative to the folder that the
      gateway runs in.
    - YAML anchors and aliases work, merge keys (`<<`) don't. A file has at most 4MiB and 64 levels.
    """

  /// A configuration that uses most of what there is; the tests load it.
  package static let example = """
    admin: { address: unix:run/sluice-admin.sock }
    runtime: { loops: auto, industrialLoops: 1, drainTimeout: 30s }
    logs:
      level: notice
      access: { path: logs/access.jsonl }
      decisions: { directory: logs/decisions, keep: 7d, maximumSize: 1GiB }
    listeners:
      - name: web
        address: 0.0.0.0:8080
        protocol: http
        trustedProxies: [10.0.0.0/8]
        limits: { requestHead: 32KiB, headerTimeout: 10s, minimumBodyRate: 500B/s }
      - name: mqtt
        address: 0.0.0.0:1883
        protocol: tcp
        pool: broker
      - name: press-1
        address: 0.0.0.0:1502
        protocol: modbus
        asset: press-1
        filters:
          - operations:
              allow:
                - { units: [1], classes: [read] }
                - { units: [1], functions: [6, 16], addresses: [100-119], values: 0-8500 }
    pools:
      - name: historian
        endpoints: [10.0.2.10:8080, { address: 10.0.2.11:8080, weight: 2 }]
        balancer: least-request
        health: { path: /healthz, interval: 5s, unhealthyAfter: 3, healthyAfter: 2 }
      - { name: historian-next, endpoints: [10.0.2.20:8080] }
      - { name: broker, endpoints: [10.0.2.30:1883] }
    routes:
      - name: historian-api
        listeners: [web]
        matches: [{ host: historian.plant.example, path: { prefix: /api/ } }]
        filters:
          - headers: { set: { X-Plant: north }, replyRemove: [Server] }
          - addresses: { allow: [10.0.0.0/8] }
          - bodyLimits: { request: 10MiB }
          - concurrency: { maximum: 200, queue: 100, queueTimeout: 2s }
        timeouts: { request: 30s, idle: 60s }
        pools: [{ pool: historian, weight: 9 }, { pool: historian-next, weight: 1 }]
      - name: firmware
        listeners: [web]
        matches: [{ path: { prefix: /firmware }, method: PUT }]
        filters: [{ contentDigest: { required: true, maximumBody: 16MiB } }]
        pool: historian
      - { name: old, listeners: [web], matches: [{ path: { exact: /old } }], redirect: { path: /new, status: 308 } }
      - { name: alive, matches: [{ path: { exact: /alive } }], respond: { body: "yes" } }
    assets:
      - { name: press-1, protocol: modbus, address: 10.0.5.11:502, zone: packaging }
    zones:
      - { name: packaging, purdue: 1 }

    """
}

/// Writes a section for each kind of map, in the order in which they are met.
private struct Page {
  private var sections: [String] = []
  private var known: Set<String> = []

  var text: String { sections.joined(separator: "\n\n") }

  mutating func add(_ shape: ObjectShape) {
    guard known.insert(shape.anchor).inserted else { return }
    var lines = ["## \(shape.noun)", "", shape.summary]
    if !shape.exactlyOne.isEmpty { lines += ["", "It has exactly one of \(enumerated(shape.exactlyOne))."] }
    if !shape.atLeastOne.isEmpty { lines += ["", "It has one or more of \(enumerated(shape.atLeastOne, "and"))."] }
    lines += ["", "| key | value | default | meaning |", "|---|---|---|---|"]
    for field in shape.fields {
      lines.append("| `\(field.key)` | \(Page.type(field.shape)) | \(Page.standard(field)) | \(field.summary) |")
    }
    sections.append(lines.joined(separator: "\n"))
    for field in shape.fields { follow(field.shape) }
  }

  private mutating func follow(_ shape: Shape) {
    switch shape {
    case .object(let object): add(object)
    case .list(let element, _), .map(let element, _): follow(element)
    case .either(let shapes): for shape in shapes { follow(shape) }
    default: break
    }
  }

  private static func type(_ shape: Shape) -> String {
    switch shape {
    case .boolean: "`true` or `false`"
    case .integer(let range, let words):
      (words.map { "`\($0)`" } + ["\(range.lowerBound) to \(range.upperBound)"]).joined(separator: " or ")
    case .text(let kind, _, let words): ([kind] + words.map { "`\($0)`" }).joined(separator: " or ")
    case .choice(let words): enumerated(words)
    case .list(let element, _): "list of " + type(element)
    case .map(let element, _): "map of names to " + type(element)
    case .either(let shapes): shapes.map(type).joined(separator: ", or ")
    case .object(let object): "[\(object.noun)](#\(object.anchor))"
    }
  }

  private static func standard(_ field: FieldShape) -> String {
    if field.isRequired { return "**needed**" }
    if let absence = field.absence { return absence }
    if case .object = field.shape { return "see there" }
    switch field.standard {
    case .array(let elements)? where elements.allSatisfy(\.isObjectValue) && !elements.isEmpty: return "see there"
    case .string(let text)?: return text.isEmpty ? "empty" : "`\(text)`"
    case let value?: return "`\(value.text())`"
    case nil: return "none"
    }
  }
}
