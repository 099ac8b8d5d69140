-- One decision: every charge stays within its limit and all are counted, or none is.
--
-- KEYS: one for each charge, all in one slot.
-- ARGV: the moment in microseconds, or 0 for the server's own (others than 0 are for tests);
--       1 to count whether it fits or not, else 0;
--       then for each charge: algorithm ("w" or "b"), count, window in microseconds, burst, cost, and how
--       much must be left.
-- Answer: for each charge allowed, remaining, retry after, reset after.
--
-- The algorithms are those of sliding.rs and gcra.rs, slot for slot, and pass the same vectors. A window is kept
-- as { first moment, cost, then for every further slot: moment since the first, cost }, a bucket as
-- { moment at which it is full, and the rest of that in 1/count }.

local EXACT, SLOTS = 64, 60

local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local force = ARGV[2] == '1'

local function read(key)
  local raw = redis.call('GET', key)
  if not raw then return nil end
  local ok, state = pcall(cmsgpack.unpack, raw)
  return ok and type(state) == 'table' and state or nil
end

-- Keeps a state for as long as it says anything. In a test time does not pass by itself, so it is kept there.
local function write(key, state, micros)
  local milliseconds = math.max(1, math.ceil(micros / 1000))
  if tonumber(ARGV[1]) ~= 0 then milliseconds = 600000 end
  redis.call('SET', key, cmsgpack.pack(state), 'PX', milliseconds)
end

local window = {}

-- The slots as { moment, cost, moment, cost, … }, without those that are wholly past.
function window.load(key, rule)
  local state = read(key) or {}
  local first = state[1] or 0
  local at = now
  if #state >= 4 then at = math.max(at, first + state[#state - 1]) elseif #state == 2 then at = math.max(at, first) end
  local slots, used = {}, 0
  for i = 1, #state, 2 do
    local last = i == 1 and first or first + state[i]
    if last + rule.window > at then
      slots[#slots + 1] = last
      slots[#slots + 1] = state[i + 1]
      used = used + state[i + 1]
    end
  end
  return { slots = slots, used = used, now = at }
end

function window.free(rule, state)
  return math.max(0, rule.count - state.used)
end

function window.fits(rule, state, cost)
  return cost <= window.free(rule, state)
end

function window.count(key, rule, state, cost)
  if cost == 0 then return end
  local slots = state.slots
  local width = rule.count <= EXACT and 1 or math.max(1, math.ceil(rule.window / SLOTS))
  local last = slots[#slots - 1]
  if last and math.floor(last / width) == math.floor(state.now / width) then
    slots[#slots - 1] = state.now
    slots[#slots] = slots[#slots] + cost
  else
    slots[#slots + 1] = state.now
    slots[#slots + 1] = cost
  end
  state.used = state.used + cost
  local packed = {}
  for i = 1, #slots, 2 do
    packed[i] = i == 1 and slots[1] or slots[i] - slots[1]
    packed[i + 1] = slots[i + 1]
  end
  write(key, packed, rule.window)
end

-- Until the free part is at least `wanted`, by what leaves; nil where it never is.
local function until_free(rule, state, wanted)
  local used = state.used
  for i = 1, #state.slots, 2 do
    used = used - state.slots[i + 1]
    if math.max(0, rule.count - used) >= wanted then return state.slots[i] + rule.window - state.now end
  end
end

function window.tell(rule, state, cost, refused)
  local free = window.free(rule, state)
  local retry = 0
  if refused then retry = until_free(rule, state, cost) or rule.window end
  local reset = until_free(rule, state, free + 1)
  if not reset then reset = state.slots[1] and state.slots[1] + rule.window - state.now or 0 end
  return free, retry, reset
end

local bucket = {}

-- What is missing, in 1/count of a microsecond, as everything about a bucket.
function bucket.load(key, rule)
  local state = read(key) or { 0, 0 }
  local count, capacity = math.max(1, rule.count), math.max(1, rule.window) * rule.burst
  local missing = math.max(0, (state[1] - now) * count + state[2])
  return { missing = math.min(missing, capacity), capacity = capacity, token = math.max(1, rule.window), count = count }
end

function bucket.fits(_, state, cost)
  return state.missing + cost * state.token <= state.capacity
end

function bucket.count(key, rule, state, cost)
  if cost == 0 then return end
  state.missing = math.min(state.missing + cost * state.token, state.capacity)
  local rest = math.fmod(state.missing, state.count)
  local full = (state.missing - rest) / state.count
  write(key, { now + full, rest }, full + 1)
end

function bucket.tell(rule, state, cost, refused)
  local remaining = math.floor((state.capacity - state.missing) / state.token)
  local retry = 0
  if refused then
    local asked = cost * state.token
    if asked > state.capacity then retry = rule.window
    else retry = math.ceil((state.missing + asked - state.capacity) / state.count) end
  end
  local scaled = math.min(math.max(0, state.missing + (remaining + 1) * state.token - state.capacity), state.missing)
  return remaining, retry, math.ceil(scaled / state.count)
end

local charges, all = {}, true
for i = 1, #KEYS do
  local at = 3 + (i - 1) * 6
  local rule = { count = tonumber(ARGV[at + 1]), window = tonumber(ARGV[at + 2]), burst = tonumber(ARGV[at + 3]) }
  local kind = ARGV[at] == 'b' and bucket or window
  local cost = tonumber(ARGV[at + 4])
  local needed = math.max(cost, tonumber(ARGV[at + 5]))
  local state = kind.load(KEYS[i], rule)
  local fits = force or kind.fits(rule, state, needed)
  all = all and fits
  charges[i] = { kind = kind, rule = rule, cost = cost, needed = needed, state = state, fits = fits }
end

local answer = {}
for i = 1, #KEYS do
  local charge = charges[i]
  if all then charge.kind.count(KEYS[i], charge.rule, charge.state, charge.cost) end
  local remaining, retry, reset = charge.kind.tell(charge.rule, charge.state, charge.needed, not charge.fits)
  answer[#answer + 1] = charge.fits and 1 or 0
  answer[#answer + 1] = remaining
  answer[#answer + 1] = retry
  answer[#answer + 1] = reset
end
return answer
