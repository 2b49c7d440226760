import CLibXML2

/// Makes an ``XMLContent`` of what libxml2's callbacks say, within limits.
struct XMLContentBuilder {
  private struct Open {
    var element: Int32
    var hasDefaultNamespace: Bool
  }

  private(set) var content = XMLContent()
  /// Why parsing must stop.
  private(set) var problem: BodyError?

  private let limits: BodyLimits
  private var open: [Open] = []
  /// Element names by where libxml2 keeps them: it keeps each once.
  // invariant: the addresses are compared, never read.
  private var nameIDs: [UnsafeRawPointer: Int32] = [:]
  /// Whether the last node is a text that further text continues.
  private var continuesText = false

  /// How declarations of namespaces begin.
  private static let namespaceName = Array("xmlns".utf8)

  init(limits: BodyLimits) { self.limits = limits }

  /// Hands out what there is; elements that are still open end here.
  mutating func finish() -> XMLContent {
    while let last = open.popLast() { content.elements[Int(last.element)].textEnd = content.text.count }
    var taken = XMLContent()
    swap(&taken, &content)
    return taken
  }

  mutating func stop(_ reason: BodyError) {
    if problem == nil { problem = reason }
  }

  // invariant: libxml2's pointers are read within the callback that gets them; names end with a nul byte.
  mutating func startElement(
    _ name: UnsafePointer<xmlChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    guard problem == nil else { return }
    guard open.count < limits.xmlDepth else {
      return stop(BodyError(.limit, "xml: more than \(limits.xmlDepth) levels"))
    }
    guard content.elements.count < limits.xmlElements else {
      return stop(BodyError(.limit, "xml: more than \(limits.xmlElements) elements"))
    }
    let index = Int32(truncatingIfNeeded: content.elements.count)
    let around = open.last
    var hasDefaultNamespace = around?.hasDefaultNamespace ?? false
    if let attributes { take(attributes, of: index, &hasDefaultNamespace) }
    let id = nameID(name)
    if let around { content.elements[Int(around.element)].hasChildren = true }
    content.elements.append(
      XMLContent.Element(
        parent: around?.element ?? -1, name: id,
        isQualified: hasDefaultNamespace || content.names[Int(id)].contains(UInt8(ascii: ":")),
        textStart: content.text.count, textEnd: content.text.count))
    open.append(Open(element: index, hasDefaultNamespace: hasDefaultNamespace))
    continuesText = false
    checkStored()
  }

  // invariant: libxml2 gives names and values in turn and nil at the end, each ended by a nul byte.
  private mutating func take(
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>, of element: Int32, _ hasDefaultNamespace: inout Bool
  ) {
    var next = attributes
    var count = 0
    while let name = next.pointee {
      let value = next[1]
      next += 2
      count &+= 1
      guard count <= limits.xmlAttributes else {
        return stop(BodyError(.limit, "xml: more than \(limits.xmlAttributes) attributes in an element"))
      }
      let nameBytes = Self.buffer(name)
      if nameBytes.starts(with: Self.namespaceName), nameBytes.count == 5 || nameBytes[5] == UInt8(ascii: ":") {
        if nameBytes.count == 5 { hasDefaultNamespace = value?.pointee ?? 0 != 0 }
        continue
      }
      let valueBytes = value.map { Self.buffer($0) } ?? UnsafeBufferPointer(start: name, count: 0)
      content.attributes.append(name: nameBytes.span, value: valueBytes.span)
      content.attributeOwners.append(element)
    }
  }

  mutating func endElement() {
    guard problem == nil, let last = open.popLast() else { return }
    content.elements[Int(last.element)].textEnd = content.text.count
    continuesText = false
  }

  /// - Parameter isSection: whether it is a CDATA section, a node of its own.
  // invariant: libxml2 gives that many bytes.
  mutating func characters(_ bytes: UnsafePointer<xmlChar>, _ count: Int32, isSection: Bool) {
    guard problem == nil, count > 0, let owner = open.last?.element else { return }
    let start = content.text.count
    content.text.append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
    if continuesText, !isSection, let last = content.texts.indices.last {
      content.texts[last].range = content.texts[last].range.lowerBound..<content.text.count
    } else {
      content.texts.append(XMLContent.Text(owner: owner, range: start..<content.text.count))
    }
    continuesText = !isSection
    checkStored()
  }

  mutating func endText() { continuesText = false }

  private mutating func checkStored() {
    if content.text.count &+ content.attributes.bytes.count > limits.storedBytes {
      stop(BodyError(.limit, "xml: text of more than \(limits.storedBytes) bytes"))
    }
  }

  // invariant: the name ends with a nul byte.
  private mutating func nameID(_ name: UnsafePointer<xmlChar>) -> Int32 {
    let key = UnsafeRawPointer(name)
    if let id = nameIDs[key] { return id }
    let id = Int32(truncatingIfNeeded: content.names.count)
    content.names.append(Array(Self.buffer(name)))
    nameIDs[key] = id
    return id
  }

  /// The bytes up to the nul byte.
  // invariant: there is one; the buffer is used while libxml2 keeps the text.
  static func buffer(_ text: UnsafePointer<xmlChar>) -> UnsafeBufferPointer<xmlChar> {
    UnsafeBufferPointer(start: text, count: Int(xmlStrlen(text)))
  }
}
