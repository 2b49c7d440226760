extension XPathSubset {
  /// The source that holds all that the path leads to, for the two paths that rule sets use: `/*` and `//@*`.
  var wholeDocument: SourcePart? {
    if outcome == .elements, steps == [Step(isDescendant: false, name: nil)] { return SourcePart(.xmlText) }
    if outcome == .attributes(isDescendant: true, name: nil), steps.isEmpty { return SourcePart(.xmlAttributes) }
    return nil
  }
}

extension Transaction {
  /// Takes over what an XML body held.
  func take(_ xml: XMLProcessor) {
    let content = xml.content
    if !content.isEmpty {
      add(.xmlText, name: Slice(), value: arena.append(content.text))
      take(content.attributes, into: .xmlAttributes)
      if parsesXMLIntoArgs {
        var fields = FieldStore()
        content.appendArguments(to: &fields, limits: BodyLimits(arguments: rules.settings.argumentsLimit))
        take(fields, into: .argsPost)
      }
    }
    body.xml = content
    note(xml.error)
  }

  /// The values that a path leads to.
  func collectXML(_ target: Target, into values: inout [TargetValue]) {
    guard case .xpath(let path) = target.selector, let content = body.xml else { return }
    var matches: [XPathMatch] = []
    content.find(path, into: &matches)
    for match in matches {
      values.append(
        TargetValue(variable: .xml, name: Slice(), value: arena.append(content.bytes(of: match))))
    }
  }
}
