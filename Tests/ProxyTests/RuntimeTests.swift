import Proxy
import SluiceModel
import Testing

@Suite struct RuntimeTests {
  private let second: UInt64 = 1_000_000_000

  @Test func aTrickleIsFoundAfterTheGrace() {
    var watch = ProgressWatch()
    watch.start(at: 0, bytes: 0)
    let note = { (bytes: Int, at: UInt64) in
      watch.note(bytes: bytes, at: at * 1_000_000_000, rate: 500, graceNanoseconds: 5_000_000_000, isHeld: false)
    }
    #expect(note(10, 1))
    #expect(note(20, 4))
    #expect(!note(30, 5))
  }

  @Test func anHonestUploadPasses() {
    var watch = ProgressWatch()
    watch.start(at: 0, bytes: 0)
    for step in 1...60 {
      let isFast = watch.note(
        bytes: step * 2_000, at: UInt64(step) * second, rate: 500, graceNanoseconds: 5 * second, isHeld: false)
      #expect(isFast)
    }
  }

  @Test func whatTheGateHoldsUpIsNotThePeersFault() {
    var watch = ProgressWatch()
    watch.start(at: 0, bytes: 0)
    for step in 1...60 {
      let isFast = watch.note(
        bytes: 0, at: UInt64(step) * second, rate: 500, graceNanoseconds: 5 * second, isHeld: true)
      #expect(isFast)
    }
  }

  @Test func noRateMeansNoMinimum() {
    var watch = ProgressWatch()
    watch.start(at: 0, bytes: 0)
    let isFast = watch.note(bytes: 0, at: 600 * second, rate: 0, graceNanoseconds: 5 * second, isHeld: false)
    #expect(isFast)
  }

  @Test func silenceIsMeasuredFromTheLastChange() {
    var watch = SilenceWatch()
    let silences = [watch.note(1, at: 10), watch.note(1, at: 25), watch.note(2, at: 30)]
    #expect(silences == [0, 15, 0])
  }

  @Test func readsCgroupQuotas() {
    #expect(EventLoopCount.parse(version2: "max 100000") == nil)
    #expect(EventLoopCount.parse(version2: "150000 100000") == 2)
    #expect(EventLoopCount.parse(version2: "50000 100000") == 1)
    #expect(EventLoopCount.parse(version2: "nonsense") == nil)
    #expect(EventLoopCount.web(configured: 3) == 3)
    #expect(EventLoopCount.web(configured: nil) >= 1)
  }

  @Test(arguments: [
    (UInt64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
  ])
  func formatsDates(seconds: UInt64, text: String) {
    var date = HTTPDate()
    date.update(unixSeconds: seconds)
    #expect(String(decoding: date.bytes, as: UTF8.self) == text)
  }

  @Test func countsConnectionsInAllAndByAddress() throws {
    let gauge = ConnectionGauge()
    var limits = ListenerLimits()
    limits.connections = 3
    limits.connectionsPerAddress = 2
    let first = try #require(IPAddress("192.0.2.1"))
    let second = try #require(IPAddress("2001:db8::1"))
    #expect(gauge.enter(first, limits: limits))
    #expect(gauge.enter(first, limits: limits))
    #expect(!gauge.enter(first, limits: limits))
    #expect(gauge.connections == 2)
    #expect(gauge.enter(second, limits: limits))
    #expect(!gauge.enter(second, limits: limits))
    gauge.leave(first)
    #expect(gauge.enter(first, limits: limits))
    #expect(gauge.connections == 3)
  }
}
