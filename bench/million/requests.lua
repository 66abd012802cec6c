-- wrk: asks the addresses of a file in their order, each thread from a place of its own.
-- wrk ... -s requests.lua URL -- FILE [MILLISECONDS between two requests of one connection]
local addresses, at, pause = {}, 1, 0
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  pause = tonumber(args[2] or "0")
  for line in io.lines(args[1]) do addresses[#addresses + 1] = line end
  at = 1 + math.floor(#addresses / 2) * number
end

function request()
  at = at % #addresses + 1
  return "GET " .. addresses[at] .. " HTTP/1.1\r\nHost: bench\r\n\r\n"
end

function delay() return pause end

function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
