/// What texts, policies and values may come to. Whatever is past a limit is an error, never cut.
public enum CedarLimits {
  /// Bytes of one text of policies, a schema, entities or a request.
  public static let textBytes = 64 << 20
  /// Expressions within expressions. A chain of `&&` or of `||` is one level, however long.
  public static let expressionDepth = 128
  /// Values within values of JSON.
  public static let jsonDepth = 128
  /// Values within values of the JSON of policies, where an expression takes two levels.
  public static let policyJSONDepth = 512
  /// Types within types of a schema.
  public static let typeDepth = 64
  /// Types that there are in one type of a schema, once common types are put in place of their names.
  public static let typeSize = 1 << 16
  /// Types that there are in all types of a schema together; steps from its entity types and actions to all ancestors.
  public static let schemaSteps = 1 << 22
  /// Pairs of principal and resource types to which all actions of a schema apply.
  public static let environments = 1 << 24
  /// Policies, templates and links of one set.
  public static let policies = 1 << 20
  /// Ancestors of all entities of a store together.
  public static let ancestors = 1 << 24
  /// Bytes that one decision may use for values it makes on its way (set and record literals).
  public static let scratchBytes = 1 << 20
}
