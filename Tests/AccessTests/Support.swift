import Access
import Cedar
import Industrial
import SluiceModel
import Testing

/// Files in memory, by path; a `*` may stand in the last part of a pattern.
func memory(_ files: [String: String]) -> AccessFiles {
  AccessFiles(
    read: { path, limit throws(AccessFiles.Failure) in
      guard let text = files[path] else { throw AccessFiles.Failure("no such file") }
      return Array(text.utf8.prefix(limit))
    },
    expand: { pattern throws(AccessFiles.Failure) in
      guard let star = pattern.firstIndex(of: "*") else { return [pattern] }
      let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
      return files.keys.filter { $0.hasPrefix(head) && $0.hasSuffix(tail) }.sorted()
    })
}

/// A plant with two zones in a third, one route, one asset with points.
func plant() -> Configuration {
  var configuration = Configuration()
  configuration.policies = [FilePattern("policies/*.cedar")]
  configuration.entities = [FilePattern("entities/*.json")]
  configuration.zones = [
    zone("site", networks: ["10.0.0.0/16"]), zone("packaging", purdue: 1, parent: "site", networks: ["10.0.5.0/24"]),
    zone("office", purdue: 4, parent: "site", networks: ["10.0.9.0/24", "2001:db8::/32"]),
  ]
  var route = RouteConfiguration()
  (route.name, route.zone) = ("historian-api", "packaging")
  configuration.routes = [route]
  var asset = AssetConfiguration()
  (asset.name, asset.zone) = ("press-1", "packaging")
  asset.points = [
    point("setpoint", .holding, 100...103, unit: 1), point("mode", .holding, 110...110), point("run", .coil, 0...1),
  ]
  configuration.assets = [asset]
  return configuration
}

private func zone(
  _ name: String, purdue: Int? = nil, parent: String? = nil, networks: [String] = []
) -> ZoneConfiguration {
  var zone = ZoneConfiguration()
  (zone.name, zone.purdue, zone.parent) = (name, purdue, parent)
  zone.networks = networks.compactMap { AddressRange($0) }
  return zone
}

private func point(
  _ name: String, _ table: PointTable, _ addresses: ClosedRange<Int>, unit: Int? = nil
) -> PointConfiguration {
  var point = PointConfiguration()
  (point.name, point.table, point.addresses) = (name, table, [addresses])
  point.units = unit.map { [$0...$0] } ?? []
  return point
}

/// Policies of one file, entities of another.
func load(_ policies: String, entities: String = "[]", _ configuration: Configuration = plant()) throws -> LoadedAccess
{
  try AccessLoader.load(
    configuration, from: memory(["policies/plant.cedar": policies, "entities/plant.json": entities]))
}

func peer(
  _ subject: String = "CN=hmi-1,O=Plant", spiffeID: String? = nil, role: String? = nil
) -> PeerIdentity {
  PeerIdentity(
    subject: subject, issuer: "CN=Plant CA", serialNumber: "1f", spiffeID: spiffeID, fingerprint: "ab12",
    modbusRole: role, notBefore: 0, notAfter: 1)
}

func facts(_ peer: PeerIdentity?, group: TLSGroup? = .x25519MLKEM768) -> TLSFacts {
  TLSFacts(
    version: .tls13, cipher: TLSCipherSuite(rawValue: 0x1301), group: group, isResumed: false, wasRetried: false,
    serverName: nil, applicationProtocol: nil, ja4: nil, peer: peer)
}

/// Puts questions as the filter does.
struct Asker {
  let snapshot: PolicySnapshot
  let decider = Decider()
  var mode = PolicyEngine.ErrorMode.deny
  var client = "10.0.5.7"
  var tls: TLSFacts?
  var milliseconds: UInt64 = 1_790_000_000_000

  init(_ loaded: LoadedAccess) { snapshot = loaded.snapshot }

  private func caller() throws -> Caller {
    Caller(
      client: try #require(IPAddress(client)), tls: tls, listener: "door", unixMilliseconds: milliseconds)
  }

  func http(
    _ action: HTTPAction = .get, _ path: String = "/api/x", host: String = "Historian.Plant.Example.",
    route: String? = "historian-api"
  ) throws -> Bool {
    let (method, host, path) = (Array("GET".utf8), Array(host.utf8), Array(path.utf8))
    return decider.request(
      snapshot, try caller(), action, route: route.flatMap { snapshot.route($0) }, method: method.span,
      host: host.span, path: path.span, mode: mode)
  }

  /// - Returns: what was decided of each part: the target, and `+` or `-` before it.
  func modbus(_ pdu: [UInt8], unit: UInt8 = 1) throws -> [String] {
    let request = try ModbusRequest(pdu: pdu.span, header: ModbusHeader(transaction: 1, unit: unit))
    var parts: [String] = []
    let isAllowed = decider.request(
      snapshot, try caller(), request, on: try #require(snapshot.asset("press-1")), mode: mode
    ) { part, isAllowed in
      parts.append((isAllowed ? "+" : "-") + (part.target ?? part.action.id))
      return true
    }
    #expect(isAllowed == parts.allSatisfy { $0.hasPrefix("+") })
    return parts
  }

  /// The rules of the policies that decided the last question.
  var rules: [String] { decider.frame.reasons.map { snapshot.texts[Int($0)].rule } }
}
