import SluiceModel

/// A latency histogram with the buckets that OpenTelemetry advises for HTTP, and three below a millisecond.
public struct Histogram: Sendable {
  /// Upper bounds in seconds; one more bucket counts what is above the last.
  public static let bounds: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]
  /// Observations per bucket, not cumulative.
  public private(set) var buckets = InlineArray<20, UInt64>(repeating: 0)
  /// The sum of all observations in nanoseconds.
  public private(set) var sumNanoseconds: UInt64 = 0

  public init() {}

  /// Observations in all buckets.
  public var count: UInt64 {
    var total: UInt64 = 0
    for index in buckets.indices { total &+= buckets[index] }
    return total
  }

  @inline(__always)
  mutating func record(_ nanoseconds: UInt64) {
    buckets[Histogram.bucket(nanoseconds)] &+= 1
    sumNanoseconds &+= nanoseconds
  }

  mutating func merge(_ other: Histogram) {
    for index in buckets.indices { buckets[index] &+= other.buckets[index] }
    sumNanoseconds &+= other.sumNanoseconds
  }

  package static func bucket(_ nanoseconds: UInt64) -> Int {
    switch nanoseconds {
    case ...100_000: 0
    case ...250_000: 1
    case ...500_000: 2
    case ...1_000_000: 3
    case ...2_500_000: 4
    case ...5_000_000: 5
    case ...10_000_000: 6
    case ...25_000_000: 7
    case ...50_000_000: 8
    case ...75_000_000: 9
    case ...100_000_000: 10
    case ...250_000_000: 11
    case ...500_000_000: 12
    case ...750_000_000: 13
    case ...1_000_000_000: 14
    case ...2_500_000_000: 15
    case ...5_000_000_000: 16
    case ...7_500_000_000: 17
    case ...10_000_000_000: 18
    default: 19
    }
  }
}

/// Histograms by a packed key, few enough for a linear search; past `limit` everything counts under `overflowKey`.
struct SeriesTable: Sendable {
  static let overflowKey = UInt32.max
  private(set) var keys: [UInt32] = []
  private(set) var histograms: [Histogram] = []
  private let limit: Int
  private var last = 0

  init(limit: Int) { self.limit = limit }

  @inline(__always)
  mutating func record(_ key: UInt32, _ nanoseconds: UInt64) {
    if last < keys.count, keys[last] == key {
      histograms[last].record(nanoseconds)
    } else {
      recordSlowly(key, nanoseconds)
    }
  }

  private mutating func recordSlowly(_ key: UInt32, _ nanoseconds: UInt64) {
    var index = keys.firstIndex(of: key)
    if index == nil, keys.count >= limit { index = keys.firstIndex(of: SeriesTable.overflowKey) }
    if let index {
      last = index
    } else {
      keys.append(keys.count >= limit ? SeriesTable.overflowKey : key)
      histograms.append(Histogram())
      last = keys.count &- 1
    }
    histograms[last].record(nanoseconds)
  }
}

/// What is counted for one route on one listener.
final class RouteMetrics {
  let listener: String
  let route: String?
  var series = SeriesTable(limit: Limits.metricSeriesPerRoute)
  var bytesIn: UInt64 = 0
  var bytesOut: UInt64 = 0

  init(listener: String, route: String?) {
    self.listener = listener
    self.route = route
  }
}

/// What is counted for one asset.
final class AssetMetrics {
  let `protocol`: String
  let asset: String
  var series = SeriesTable(limit: Limits.metricSeriesPerRoute)

  init(protocol: String, asset: String) {
    self.protocol = `protocol`
    self.asset = asset
  }
}

/// Finds the metrics of a pair of names by object identity first, since names are shared, and by text after a reload.
struct MetricsIndex<Metrics: AnyObject> {
  private struct Identity: Hashable {
    var first: ObjectIdentifier
    var second: ObjectIdentifier?
  }

  private struct Text: Hashable {
    var first: String
    var second: String?
  }

  /// Holds the names, so that their identity can't be taken by another object.
  private struct Entry {
    var first: LogName
    var second: LogName?
    var metrics: Metrics
  }

  /// Different pairs counted apart; past it they share one entry named `_OTHER`.
  static var limit: Int { 4096 }
  private var byIdentity: [Identity: Entry] = [:]
  private var byText: [Text: Metrics] = [:]
  // What was found last, whose names `byIdentity` holds: to copy its entry would count three references.
  private var lastIdentity: Identity?
  private var lastMetrics: Metrics?

  var all: [Metrics] { Array(byText.values) }

  @inline(__always)
  mutating func find(_ first: LogName, _ second: LogName?, make: (String, String?) -> Metrics) -> Metrics {
    let identity = Identity(first: ObjectIdentifier(first), second: second.map { ObjectIdentifier($0) })
    if identity == lastIdentity, let lastMetrics { return lastMetrics }
    let metrics = findSlowly(identity, first, second, make: make)
    lastIdentity = identity
    lastMetrics = metrics
    return metrics
  }

  private mutating func findSlowly(
    _ identity: Identity, _ first: LogName, _ second: LogName?, make: (String, String?) -> Metrics
  ) -> Metrics {
    if let entry = byIdentity[identity] { return entry.metrics }
    var text = Text(first: first.text, second: second?.text)
    if byText[text] == nil, byText.count >= Self.limit { text = Text(first: "_OTHER", second: "_OTHER") }
    let metrics = byText[text] ?? make(text.first, text.second)
    byText[text] = metrics
    if byIdentity.count >= Self.limit { byIdentity.removeAll(keepingCapacity: true) }
    byIdentity[identity] = Entry(first: first, second: second, metrics: metrics)
    return metrics
  }
}

/// Numbers for error types and decision sources: few, compared by text when the address differs.
struct TextTable: Sendable {
  private(set) var texts: [String] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func number(_ text: String) -> Int {
    if let index = texts.firstIndex(of: text) { return index }
    if texts.count < limit {
      texts.append(text)
      return texts.count - 1
    }
    if texts.count == limit { texts.append("_OTHER") }
    return limit
  }
}
