/// Makes the table of a `LiteralMatcher`.
///
/// A state is a header, the number of its pattern (from 1, 0 for none), the state to fall back to, and its transitions.
/// The header's lowest byte says which: `row`, a word for each class; 1, and the class in the next byte, one word;
/// otherwise how many pairs of class and word. A transition is the offset of a state, with `matchFlag` where a pattern
/// ends there.
struct LiteralMatcherBuilder {
  static let row: UInt32 = 0xff
  static let single: UInt32 = 1
  static let matchFlag: UInt32 = 1 << 31
  /// So many states at most get a row, the shallowest: values seldom get far into a phrase.
  static let rowLimit = 256

  private struct Node {
    var byteClass: UInt8
    var firstChild: Int32 = -1
    var sibling: Int32 = -1
    var fallback: Int32 = 0
    /// From 1; 0 for none.
    var pattern: Int32 = 0
    var offset: UInt32 = 0
    var hasRow = false
  }

  private(set) var classes = [UInt8](repeating: 0, count: 256)
  private var classCount = 1
  private var nodes: [Node] = [Node(byteClass: 0)]

  init(patterns: [[UInt8]]) {
    for (index, pattern) in patterns.enumerated() where !pattern.isEmpty {
      var node = 0
      for byte in pattern { node = child(of: node, byClass(byte)) }
      if nodes[node].pattern == 0 { nodes[node].pattern = Int32(truncatingIfNeeded: index + 1) }
    }
  }

  private mutating func byClass(_ byte: UInt8) -> UInt8 {
    let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
    if classes[Int(lower)] == 0 {
      // There are 230 bytes apart from capitals, so that no class is 0xff.
      classes[Int(lower)] = UInt8(truncatingIfNeeded: classCount)
      if lower &- 0x61 < 26 { classes[Int(lower & 0xdf)] = classes[Int(lower)] }
      classCount += 1
    }
    return classes[Int(lower)]
  }

  /// For each byte 1 where a pattern begins with it.
  var starts: [UInt8] {
    classes.map { $0 != 0 && existingChild(of: 0, $0) != nil ? 1 : 0 }
  }

  private func existingChild(of node: Int, _ byteClass: UInt8) -> Int? {
    var child = Int(nodes[node].firstChild)
    while child >= 0 {
      if nodes[child].byteClass == byteClass { return child }
      child = Int(nodes[child].sibling)
    }
    return nil
  }

  private mutating func child(of node: Int, _ byteClass: UInt8) -> Int {
    if let child = existingChild(of: node, byteClass) { return child }
    nodes.append(Node(byteClass: byteClass, sibling: nodes[node].firstChild))
    nodes[node].firstChild = Int32(truncatingIfNeeded: nodes.count - 1)
    return nodes.count - 1
  }

  private func children(of node: Int) -> [Int] {
    var result: [Int] = []
    var child = Int(nodes[node].firstChild)
    while child >= 0 {
      result.append(child)
      child = Int(nodes[child].sibling)
    }
    return result
  }

  /// The states that can be reached, the shallowest first, with what they fall back to. Nothing lies behind the end of
  /// a pattern, for the search ends there.
  private mutating func link() -> [Int] {
    var order = [0]
    var position = 0
    while position < order.count {
      let node = order[position]
      position += 1
      guard nodes[node].pattern == 0 else { continue }
      for child in children(of: node) {
        var fallback = Int(nodes[node].fallback)
        if node != 0 {
          while fallback != 0, existingChild(of: fallback, nodes[child].byteClass) == nil {
            fallback = Int(nodes[fallback].fallback)
          }
          fallback = existingChild(of: fallback, nodes[child].byteClass) ?? 0
        }
        nodes[child].fallback = Int32(truncatingIfNeeded: fallback)
        if nodes[child].pattern == 0 { nodes[child].pattern = nodes[fallback].pattern }
        order.append(child)
      }
    }
    return order
  }

  mutating func makeTable() -> [UInt32] {
    let order = link()
    var size: UInt32 = 0
    for (position, node) in order.enumerated() {
      nodes[node].hasRow = position < Self.rowLimit && nodes[node].pattern == 0
      nodes[node].offset = size
      let count = nodes[node].pattern == 0 ? children(of: node).count : 0
      size += UInt32(3 + (nodes[node].hasRow ? classCount : count == 1 ? 1 : count * 2))
    }
    var table: [UInt32] = []
    table.reserveCapacity(Int(size))
    for node in order {
      let children = nodes[node].pattern == 0 ? children(of: node) : []
      table.append(header(node, children))
      table.append(UInt32(truncatingIfNeeded: nodes[node].pattern))
      table.append(nodes[Int(nodes[node].fallback)].offset)
      if nodes[node].hasRow {
        appendRow(node, children, to: &table)
      } else if children.count == 1 {
        table.append(target(children[0]))
      } else {
        for child in children {
          table.append(UInt32(nodes[child].byteClass))
          table.append(target(child))
        }
      }
    }
    return table
  }

  private func header(_ node: Int, _ children: [Int]) -> UInt32 {
    if nodes[node].hasRow { return Self.row }
    guard let only = children.first, children.count == 1 else { return UInt32(children.count) }
    return Self.single | UInt32(nodes[only].byteClass) << 8
  }

  private func target(_ node: Int) -> UInt32 {
    nodes[node].offset | (nodes[node].pattern == 0 ? 0 : Self.matchFlag)
  }

  /// Where each class leads: what the state to fall back to says, which is shallower and has its row, and the children.
  private func appendRow(_ node: Int, _ children: [Int], to table: inout [UInt32]) {
    let start = table.count
    let fallback = Int(nodes[Int(nodes[node].fallback)].offset) + 3
    for byteClass in 0..<classCount { table.append(node == 0 ? 0 : table[fallback + byteClass]) }
    for child in children { table[start + Int(nodes[child].byteClass)] = target(child) }
  }
}
