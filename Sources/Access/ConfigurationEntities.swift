import Cedar
import SluiceModel

/// What the configuration itself says of zones, routes, assets and points.
enum ConfigurationEntities {
  static func entities(_ configuration: Configuration) -> [Entity] {
    configuration.zones.map(zone) + configuration.routes.map(route) + configuration.assets.flatMap(asset)
  }

  private static func zone(_ zone: ZoneConfiguration) -> Entity {
    Entity(
      EntityKind.zone.uid(zone.name), attributes: zone.purdue.map { ["purdue": .long(Int64($0))] } ?? [:],
      parents: parents(zone.parent))
  }

  private static func route(_ route: RouteConfiguration) -> Entity {
    Entity(EntityKind.route.uid(route.name), parents: parents(route.zone))
  }

  private static func asset(_ asset: AssetConfiguration) -> [Entity] {
    let uid = EntityKind.asset.uid(asset.name)
    return [Entity(uid, parents: parents(asset.zone))]
      + asset.points.map { Entity(EntityKind.point.uid("\(asset.name)/\($0.name)"), parents: [uid]) }
  }

  private static func parents(_ zone: String?) -> Set<EntityUID> { zone.map { [EntityKind.zone.uid($0)] } ?? [] }
}
