package import Cedar
import SluiceModel

/// Policies and entities that are in force together, with everything looked up that a decision needs. All event loops share
/// one; a reload makes another.
package final class PolicySnapshot: Sendable {
  package let engine: PolicyEngine
  /// What is said of each policy, by its index in the engine's.
  package let texts: [PolicyText]
  let zones: ZoneMap
  /// By the zone's index in the configuration.
  let zoneIDs: [EntityID]
  let types: PrincipalTypes
  let pathType: EntityTypeID
  /// By `HTTPAction`.
  let httpActions: [EntityID]
  /// By `ModbusAction`.
  let modbusActions: [EntityID]
  let context: ContextIDs
  private let indexes: [PolicyID: Int]
  private let routes: [String: EntityID]
  private let assets: [String: AssetEntities]

  /// - Parameters:
  ///   - engine: its entities have those of `ConfigurationEntities` and the schema's actions.
  ///   - texts: one for each of the engine's policies.
  init(
    _ engine: PolicyEngine, texts: [PolicyText], configuration: Configuration
  ) {
    self.engine = engine
    self.texts = texts
    indexes = Dictionary(engine.policies.enumerated().map { ($1.id, $0) }) { first, _ in first }
    // What nothing names can be in no decision, so that a number which stands for no entity serves as well.
    let nothing = RequestFrame().principal
    func id(_ kind: EntityKind, _ id: String) -> EntityID { engine.entityID(kind.uid(id)) ?? nothing }
    zones = ZoneMap(
      configuration.zones.enumerated().flatMap { index, zone in zone.networks.map { (range: $0, zone: index) } })
    zoneIDs = configuration.zones.map { id(.zone, $0.name) }
    types = PrincipalTypes(engine)
    pathType = engine.entityTypeID(EntityKind.path.name)
    httpActions = HTTPAction.allCases.map { id(.action, $0.id) }
    modbusActions = ModbusAction.ids.map { id(.action, $0) }
    context = ContextIDs(engine, ContextUse(engine.policies))
    routes = Dictionary(configuration.routes.map { ($0.name, id(.route, $0.name)) }) { first, _ in first }
    assets = Dictionary(
      configuration.assets.map { asset in
        let points = asset.points.map { id(.point, "\(asset.name)/\($0.name)") }
        return (
          asset.name, AssetEntities(asset: id(.asset, asset.name), points: points, map: PointMap(asset.points))
        )
      }
    ) { first, _ in first }
  }

  /// The index of a policy in the engine's.
  func index(of policy: PolicyID) -> Int? { indexes[policy] }

  /// What is said of a policy.
  package func text(of policy: PolicyID) -> PolicyText? { index(of: policy).map { texts[$0] } }

  /// The route of this name; nil when the configuration has none.
  package func route(_ name: String) -> EntityID? { routes[name] }

  /// The asset of this name; nil when the configuration has none.
  package func asset(_ name: String) -> AssetEntities? { assets[name] }
}

/// What is said of a policy that decided.
package struct PolicyText: Sendable, Hashable {
  /// Its `@id`, or else the file and its number in it.
  package var rule: String
  /// Its `@reason`, or else a plain sentence.
  package var reason: String
  package var file: String
  /// `file:line:column`.
  package var place: String
  package var isForbid: Bool

  package init(rule: String, reason: String, file: String, place: String, isForbid: Bool) {
    self.rule = rule
    self.reason = reason
    self.file = file
    self.place = place
    self.isForbid = isForbid
  }

  /// A place within the policy; that of the policy where there is none.
  package func place(_ position: SourcePosition) -> String {
    position == .none ? place : "\(file):\(position)"
  }
}

/// An asset with its points, as entities.
package struct AssetEntities: Sendable {
  let asset: EntityID
  let points: [EntityID]
  let map: PointMap
}

/// The types of who asks.
struct PrincipalTypes: Sendable {
  let service: EntityTypeID
  let certificate: EntityTypeID
  let client: EntityTypeID

  init(_ engine: PolicyEngine) {
    service = engine.entityTypeID(EntityKind.service.name)
    certificate = engine.entityTypeID(EntityKind.certificate.name)
    client = engine.entityTypeID(EntityKind.client.name)
  }
}

/// The attributes of contexts that policies look at; nil for the others.
struct ContextIDs: Sendable {
  let sourceAddress, zone, time, listener: AttributeID?
  let method, host, path: AttributeID?
  let tlsVersion, tlsGroup, postQuantum, certificateIssuer, certificateFingerprint, role: AttributeID?
  let unit, function, table, file, address, count, minimumValue, maximumValue: AttributeID?

  init(_ engine: PolicyEngine, _ use: ContextUse) {
    func id(_ attribute: ContextAttribute) -> AttributeID? {
      use.contains(attribute) ? engine.attributeID(attribute.rawValue) : nil
    }
    (sourceAddress, zone, time, listener) = (id(.sourceAddress), id(.zone), id(.time), id(.listener))
    (method, host, path) = (id(.method), id(.host), id(.path))
    (tlsVersion, tlsGroup, postQuantum) = (id(.tlsVersion), id(.tlsGroup), id(.postQuantum))
    (certificateIssuer, certificateFingerprint) = (id(.certificateIssuer), id(.certificateFingerprint))
    role = id(.role)
    (unit, function, table, file) = (id(.unit), id(.function), id(.table), id(.file))
    (address, count) = (id(.address), id(.count))
    (minimumValue, maximumValue) = (id(.minimumValue), id(.maximumValue))
  }
}
