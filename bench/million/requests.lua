-- wrk: asks what a file says, line after line, each thread from a place of its own.
-- wrk ... -s requests.lua URL -- FILE [MILLISECONDS between two requests of one connection]
-- A line is an address to get. Where the first line is "POST name: value|name: value", with headers, the
-- others are bodies to post to the path of the URL.
local lines, at, pause, head = {}, 1, 0, nil
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  pause = tonumber(args[2] or "0")
  for line in io.lines(args[1]) do
    local headers = #lines == 0 and line:match("^POST (.*)$")
    if headers then head = headers:gsub("|", "\r\n") else lines[#lines + 1] = line end
  end
  at = 1 + math.floor(#lines / 2) * number
end

function request()
  at = at % #lines + 1
  local line = lines[at]
  if head == nil then return "GET " .. line .. " HTTP/1.1\r\nHost: bench\r\n\r\n" end
  return "POST " .. wrk.path .. " HTTP/1.1\r\nHost: bench\r\n" .. head .. "\r\nContent-Length: " ..
    #line .. "\r\n\r\n" .. line
end

function delay() return pause end

function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
