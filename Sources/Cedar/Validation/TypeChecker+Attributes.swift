/// `a.b`, `a has b`, `a.hasTag(b)` and `a.getTag(b)`. An attribute that may be missing, and any tag, is read only where
/// it is known to be there.
extension TypeChecker {
  mutating func attribute(_ base: Int, _ name: String, _ shape: Int, at position: SourcePosition) -> Typed {
    let owner = expect(base, .entityOrRecord)
    guard let type = owner.type else { return .failed(nil) }
    guard let attribute = schema.attribute(name, of: type) else {
      report(
        "there is no attribute `\(name)` in `\(type)`", at: position, expected: schema.attributeNames(of: type))
      return .failed(nil)
    }
    let capability = Capability(base: tree.nodes[base].shape, name: shape, isTag: false)
    guard attribute.isRequired || isKnown(capability) else {
      report(
        "the attribute `\(name)` of `\(type)` may be missing", at: position,
        expected: "`has \(Name.isIdentifier(name) ? name : StringLiteral.quoted(name))` before it")
      return .failed(attribute.type)
    }
    return Typed(attribute.type, isChecked: owner.isChecked)
  }

  /// Attributes of records may be always there; entities may have none at all where they do not exist.
  mutating func has(_ base: Int, _ name: String, _ shape: Int) -> Typed {
    let owner = expect(base, .entityOrRecord) { type in
      if type.isSet { "or `contains`" } else if type == .string { "or `like`" } else { nil }
    }
    guard let type = owner.type else { return .failed(.bool) }
    guard let attribute = schema.attribute(name, of: type) else {
      return Typed(.always(false), isChecked: owner.isChecked)
    }
    let capability = Capability(base: tree.nodes[base].shape, name: shape, isTag: false)
    let isAlways = isKnown(capability) || attribute.isRequired && type.isRecord
    return Typed(isAlways ? .always(true) : .bool, isChecked: owner.isChecked, capabilities: [capability])
  }

  mutating func hasTag(_ base: Int, _ tag: Int) -> Typed {
    let owner = expect(base, .entity)
    let name = expect(tag, .string)
    guard let type = owner.type?.entityType else { return .failed(nil) }
    let capability = tagCapability(base, tag)
    let result: StaticType =
      if schema.tags(of: type) == nil { .always(false) } else if isKnown(capability) { .always(true) } else { .bool }
    return Typed(result, isChecked: owner.isChecked && name.isChecked, capabilities: [capability])
  }

  mutating func getTag(_ base: Int, _ tag: Int, at position: SourcePosition) -> Typed {
    let owner = expect(base, .entity)
    let name = expect(tag, .string)
    guard let type = owner.type?.entityType else { return .failed(nil) }
    guard isKnown(tagCapability(base, tag)) else {
      report("the tag of `\(type)` may be missing", at: position, expected: "`hasTag` of the same before it")
      return .failed(nil)
    }
    guard let tags = schema.tags(of: type) else {
      report("`\(type)` has no tags", at: position)
      return .failed(nil)
    }
    return Typed(.known(tags), isChecked: owner.isChecked && name.isChecked)
  }

  private func tagCapability(_ base: Int, _ tag: Int) -> Capability {
    Capability(base: tree.nodes[base].shape, name: tree.nodes[tag].shape, isTag: true)
  }
}
