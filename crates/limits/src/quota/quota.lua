-- Takes from a quota, or corrects what was taken.
--
-- KEYS: the hash of one key: a (first call), s and e (the period), and m:METER for what is used of each meter.
-- ARGV: "take", "add" or "tell"; the first call this node knows or supposes, or "" where periods do not depend on
--       it; start and end of the period as this node reckons it, in milliseconds; after how many to forget the key;
--       then for each meter: name, allowance (-1 for any amount), cost (may be below zero for "add"), and what
--       this node last saw of it: a store that was emptied goes on from there.
-- Answer: state (1 taken, 0 does not fit, 2 the first call was another: reckon again, 3 the period is over),
--         first call or -1, start, end, and what is used of each meter.

local key, how, first = KEYS[1], ARGV[1], ARGV[2]
local start, stop, forget = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local known = redis.call('HMGET', key, 'a', 's', 'e')

local function answer(state, meters)
  local a = redis.call('HMGET', key, 'a', 's', 'e')
  local out = { state, tonumber(a[1] or -1), tonumber(a[2] or start), tonumber(a[3] or stop) }
  for _, meter in ipairs(meters or {}) do out[#out + 1] = meter.used end
  return out
end

if first ~= '' and known[1] and known[1] ~= first then return answer(2) end

local recorded = tonumber(known[2])
if how == 'add' and recorded and recorded ~= start then return answer(3) end
local anew = not recorded
-- A node whose clock is behind does not bring the last period back.
if recorded and recorded > start and tonumber(known[3]) > stop then
  start, stop = recorded, tonumber(known[3])
end
if recorded ~= start then
  local a = known[1] or (first ~= '' and first)
  redis.call('DEL', key)
  redis.call('HSET', key, 's', string.format('%.0f', start), 'e', string.format('%.0f', stop))
  if a then redis.call('HSET', key, 'a', a) end
end

local meters, fits = {}, true
for i = 6, #ARGV, 4 do
  local name, allowance, cost = 'm:' .. ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local used = tonumber(redis.call('HGET', key, name) or 0)
  if anew then used = math.max(used, tonumber(ARGV[i + 3])) end
  if how == 'take' and allowance >= 0 and used + math.max(cost, 1) > allowance then fits = false end
  meters[#meters + 1] = { name = name, used = used, cost = cost }
end
for _, meter in ipairs(meters) do
  if fits then meter.used = math.max(0, meter.used + meter.cost) end
  if fits and meter.cost ~= 0 or anew then redis.call('HSET', key, meter.name, string.format('%.0f', meter.used)) end
end
redis.call('PEXPIRE', key, forget)
return answer(fits and 1 or 0, meters)
