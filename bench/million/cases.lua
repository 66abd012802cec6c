-- wrk: posts the cases of a file, one a line, in their order, each thread from a place of its own.
-- wrk ... -s cases.lua URL/PATH -- FILE [MILLISECONDS between two requests of one connection]
-- The first line names the headers, each as "name: value" with | between.
local cases, at, pause, head = {}, 1, 0, nil
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  pause = tonumber(args[2] or "0")
  for line in io.lines(args[1]) do
    if head == nil then head = line:gsub("|", "\r\n") else cases[#cases + 1] = line end
  end
  at = 1 + math.floor(#cases / 2) * number
end

function request()
  at = at % #cases + 1
  local case = cases[at]
  return "POST " .. wrk.path .. " HTTP/1.1\r\nHost: bench\r\n" .. head .. "\r\nContent-Length: " ..
    #case .. "\r\n\r\n" .. case
end

function delay() return pause end

function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
