import NIOCore
import Testing

@testable import Router

@Suite struct BufferPoolTests {
    private var pool = BufferPool()

    /// Takes so many buffers for a flush, and gives them back when they are written.
    private mutating func flush(_ count: Int) {
        let buffers = (0..<count).map { _ in pool.take() }
        pool.flushed(count)
        for buffer in buffers { pool.give(buffer) }
    }

    @Test mutating func `all buffers of a large flush are there for the next one`() {
        flush(1_000)
        #expect(pool.count == 1_000)
    }

    @Test mutating func `flushes that need fewer let go of half of them each, down to a few`() {
        flush(1_000)
        let counts = (0..<5).map { _ in
            flush(1)
            return pool.count
        }
        #expect(counts == [500, 250, 128, 128, 128])
    }

    @Test mutating func `a buffer is empty when it is taken again, and keeps its memory`() {
        var buffer = pool.take()
        buffer.writeRepeatingByte(7, count: 5_000)
        let capacity = buffer.capacity
        pool.give(buffer)
        buffer = ByteBuffer()
        let again = pool.take()
        #expect(again.readableBytes == 0)
        #expect(again.capacity == capacity)
    }

    @Test mutating func `a buffer that has become large is not kept`() {
        pool.give(ByteBufferAllocator().buffer(capacity: 1 << 20))
        #expect(pool.count == 0)
    }
}
