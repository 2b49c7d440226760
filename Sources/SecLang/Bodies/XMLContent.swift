/// What rules can see of an XML document: text, attributes, and which elements they belong to.
package struct XMLContent: Sendable {
  struct Element: Sendable {
    /// Index of the element around it; -1 for the root.
    var parent: Int32
    var name: Int32
    /// Whether it is in a namespace.
    var isQualified: Bool
    var hasChildren = false
    var textStart: Int
    var textEnd: Int
  }

  struct Text: Sendable {
    var owner: Int32
    var range: Range<Int>
  }

  /// All character data of the root, one after another; what an element contains is a range of it.
  package internal(set) var text: [UInt8] = []
  /// Names as written, values with references resolved; declarations of namespaces are left out.
  package internal(set) var attributes = FieldStore()
  var attributeOwners: [Int32] = []
  var elements: [Element] = []
  var texts: [Text] = []
  /// Each element name once, as written.
  var names: [[UInt8]] = []

  package init() {}

  package var isEmpty: Bool { elements.isEmpty }

  /// The bytes of a match.
  package func bytes(of match: XPathMatch) -> [UInt8] {
    Array(match.isAttribute ? attributes.bytes[match.range] : text[match.range])
  }

  /// Appends what a path leads to, in the order of the document.
  package func find(_ path: XPathSubset, into matches: inout [XPathMatch]) {
    guard !elements.isEmpty else { return }
    if path.steps.count == 1, path.steps[0] == XPathSubset.Step(isDescendant: false, name: nil),
      path.outcome == .elements
    {
      matches.append(XPathMatch(isAttribute: false, range: elements[0].textStart..<elements[0].textEnd))
      return
    }
    if path.steps.isEmpty, path.outcome == .attributes(isDescendant: true, name: nil) {
      for field in attributes.fields { matches.append(XPathMatch(isAttribute: true, range: field.value)) }
      return
    }
    walk(path, into: &matches)
  }

  /// For each element the steps of the path that lead to it, as bits; from the parent's in one pass.
  private func walk(_ path: XPathSubset, into matches: inout [XPathMatch]) {
    let wanted: [Int32?] = path.steps.map { step in
      step.name.flatMap { name in names.firstIndex(of: name).map { Int32($0) } }
    }
    var own = [UInt32](repeating: 0, count: elements.count)
    var around = own
    for (index, element) in elements.enumerated() {
      let parent = Int(element.parent)
      let parentOwn = parent < 0 ? 1 : own[parent]
      let parentAround = parent < 0 ? 1 : around[parent]
      var bits: UInt32 = 0
      for (number, step) in path.steps.enumerated() {
        guard (step.isDescendant ? parentAround : parentOwn) >> UInt32(number) & 1 == 1 else { continue }
        if step.name != nil {
          guard let id = wanted[number], id == element.name, !element.isQualified else { continue }
        }
        bits |= 2 << UInt32(number)
      }
      own[index] = bits
      around[index] = parentAround | bits
    }
    let last = UInt32(path.steps.count)
    switch path.outcome {
    case .elements:
      for (index, element) in elements.enumerated() where own[index] >> last & 1 == 1 {
        matches.append(XPathMatch(isAttribute: false, range: element.textStart..<element.textEnd))
      }
    case .texts(let isDescendant):
      for text in texts where (isDescendant ? around : own)[Int(text.owner)] >> last & 1 == 1 {
        matches.append(XPathMatch(isAttribute: false, range: text.range))
      }
    case .attributes(let isDescendant, let name):
      for (owner, field) in zip(attributeOwners, attributes.fields) {
        guard (isDescendant ? around : own)[Int(owner)] >> last & 1 == 1 else { continue }
        if let name, !attributes.bytes[field.name].elementsEqual(name) { continue }
        matches.append(XPathMatch(isAttribute: true, range: field.value))
      }
    }
  }

  /// Makes an argument of each element without elements in it, named `xml.root.child`, as `SecParseXmlIntoArgs` asks
  /// (ModSecurity 3.0.14).
  /// - Returns: arguments that were not kept because of a limit.
  @discardableResult
  package func appendArguments(to store: inout FieldStore, limits: BodyLimits = BodyLimits()) -> Int {
    var omitted = 0
    var path = Array("xml".utf8)
    /// For each open element, where its name begins in the path.
    var open: [(element: Int32, start: Int)] = []
    for (index, element) in elements.enumerated() {
      while let last = open.last, last.element != element.parent {
        path.removeLast(path.count - last.start)
        open.removeLast()
      }
      open.append((Int32(index), path.count))
      path.append(UInt8(ascii: "."))
      let name = names[Int(element.name)]
      let local = name.firstIndex(of: UInt8(ascii: ":")).map { name.index(after: $0) } ?? 0
      path.append(contentsOf: name[local...])
      guard !element.hasChildren else { continue }
      let size = path.count + element.textEnd - element.textStart
      guard store.count < limits.arguments, store.bytes.count + size <= limits.storedBytes else {
        omitted += 1
        continue
      }
      store.append(name: path.span, value: text.span.extracting(element.textStart..<element.textEnd))
    }
    return omitted
  }
}
