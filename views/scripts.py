"""The Lua scripts. Redis runs each as one step: nothing comes between its check and its writes.

All read the head that ``keys.sealed`` puts before every value. A value that has no such head was not written by the
feed; it counts as older than everything.
"""

from typing import Final

_HEAD: Final = """
local function head(text)
  local generation, revision = string.match(text or '', '^{"generation":(%d+),"revision":(%d+)')
  return tonumber(generation) or -1, tonumber(revision) or -1
end
"""
_OLD: Final = (
    _HEAD
    + """
local function old(key, kind, generation)
  if kind == 'index' then return (tonumber(string.match(key, ':(%d+)$')) or -1) <= generation end
  if kind == 'lots' then return (tonumber(redis.call('HGET', key, 'generation')) or -1) <= generation end
  local value
  if kind == 'member' then value = redis.call('GETRANGE', key, 0, 63) else value = redis.call('LINDEX', key, 0) end
  return head(value) <= generation
end
"""
)

FEED: Final = (
    _HEAD
    + """
-- KEYS: the feed's hash, then the key of each write.
-- ARGV: field, expected position ('' for none), next position, generation, kind, limit, prefix of all keys, then
-- revision, value and (of a document) lines of the index of each write. Returns the position found. The writes were made if, and only if, it is the
-- expected one.
local found = redis.call('HMGET', KEYS[1], ARGV[1], 'rebuild')
if found[2] then return 'rebuild' end
local position = found[1] or ''
if position ~= ARGV[2] then return position end

local generation, kind, limit = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])

local function sibling(key, other)
  return ARGV[7] .. other .. string.sub(key, #ARGV[7] + #kind + 1)
end

-- The document of a member with paged lots begins with its points, and they with the schedule (see writes.py).
local PAGED = '^({"generation":(%d+),"revision":%d+,"points":{)"next_expiry":.-,"expiry_schedule":.-,'
  .. '("available":(%d+).*)$'

-- MS-19 Such a document with the schedule of all pages; any other one as it is. The second answer says whether the
-- schedule adds up to what is available: if not, one of the two topics has been read further, and none is shown.
local function scheduled(document, key)
  local start, generation, rest, available = string.match(document, PAGED)
  if not start then return document, false end
  local lots = sibling(key, 'lots')
  local by_day, days, sum = {}, {}, 0
  local pages = redis.call('HGET', lots, 'generation') == generation and redis.call('HVALS', lots) or {}
  for _, page in ipairs(pages) do
    for day, points in string.gmatch(page, '(%d+%-%d+%-%d+):(%d+)') do
      if not by_day[day] then days[#days + 1] = day end
      by_day[day] = (by_day[day] or 0) + points
      sum = sum + points
    end
  end
  local first, schedule = 'null', 'null'
  if sum == tonumber(available) then
    table.sort(days)
    for i, day in ipairs(days) do
      days[i] = string.format('{"expires_on":"%s","points":%d}', day, by_day[day])
    end
    first, schedule = days[1] or 'null', '[' .. table.concat(days, ',') .. ']'
  end
  return start .. '"next_expiry":' .. first .. ',"expiry_schedule":' .. schedule .. ',' .. rest, schedule ~= 'null'
end

-- The lines of a member in the index: which set, the instant, which promise or flag. Most writes of a document leave
-- them as they are, so they are kept as they came and compared first.
local INDEX = ARGV[7] .. 'index:'

local function reindex(member, lines)
  local of = INDEX .. 'of:' .. ARGV[4]
  local before = redis.call('HGET', of, member) or ''
  if before == lines then return end
  for set, entry in string.gmatch(before, '(%l+) %S+ ([^\\n]+)') do
    redis.call('ZREM', INDEX .. set .. ':' .. ARGV[4], entry)
  end
  for set, at, entry in string.gmatch(lines, '(%l+) (%S+) ([^\\n]+)') do
    redis.call('ZADD', INDEX .. set .. ':' .. ARGV[4], at, entry)
  end
  if lines == '' then redis.call('HDEL', of, member) else redis.call('HSET', of, member, lines) end
end

-- GEN-7 The lists of a member who was erased have what was said after that, whenever it is fed; of a deleted one nothing.
local function erased_at(document)
  return string.match(document, '^{"generation":%d+,"revision":%d+,"erased_at":"([^"]+)"')
end

local function said_at(line)
  return string.match(line, '^{"generation":%d+,"revision":%d+,"id":"[^"]*","time":"([^"]+)"') or ''
end

local function forget(key, erased)
  for _, name in ipairs({'decisions', 'ledger', 'notifications', 'requests'}) do
    local list, later = sibling(key, name), {}
    for _, line in ipairs(erased and redis.call('LRANGE', list, 0, -1) or {}) do
      if said_at(line) > erased then later[#later + 1] = line end
    end
    redis.call('DEL', list)
    if #later > 0 then redis.call('RPUSH', list, unpack(later)) end
  end
end

-- An equal revision of a document is written again (it may be better derived).
-- A document with an empty value is deleted: a short one stays, so that no older one can come back.
local function write_document(key, revision, value, lines)
  local stored = redis.call('GETRANGE', key, 0, 95)
  local g, r = head(stored)
  if value == '' then
    if generation >= g then forget(key) end
    if r >= 0 and generation >= g then
      redis.call('SET', key, string.format('{"generation":%d,"revision":%d,"deleted":true}', generation, r))
      reindex(string.sub(key, #ARGV[7] + #'member:' + 1), '')
    end
  elseif generation > g or (generation == g and revision >= r) then
    local erased = erased_at(value)
    if erased and not erased_at(stored) then forget(key, erased) end
    redis.call('SET', key, (scheduled(value, key)))
    reindex(string.sub(key, #ARGV[7] + #'member:' + 1), lines)
  end
end

-- A page: its number, then what expires when; the number alone deletes it. A higher generation starts all pages anew.
local function write_page(key, offset, value)
  local g = tonumber(redis.call('HGET', key, 'generation')) or -1
  if generation > g then
    redis.call('DEL', key)
    redis.call('HSET', key, 'generation', ARGV[4])
  end
  local number, days = string.match(value, '^(%d+)(.*)$')
  local stored = redis.call('HGET', key, number)
  if generation < g or (stored and offset <= tonumber(string.match(stored, '^%d+'))) then return end
  if days == '' then redis.call('HDEL', key, number) else redis.call('HSET', key, number, offset .. days) end
end

-- The newest element carries the head of the whole list; one that it has passed is there already. A higher generation
-- starts the list anew.
local function write_line(key, revision, value)
  local erased = erased_at(redis.call('GETRANGE', sibling(key, 'member'), 0, 95))
  if erased and said_at(value) <= erased then return end
  local newest = redis.call('LINDEX', key, 0)
  local g, r = head(newest)
  if newest and generation > g then redis.call('DEL', key) end
  if generation > g or (generation == g and revision > r) then
    if redis.call('LPUSH', key, value) > limit then redis.call('LTRIM', key, 0, limit - 1) end
  end
end

local write = kind == 'member' and write_document or kind == 'lots' and write_page or write_line
for i = 2, #KEYS do
  write(KEYS[i], tonumber(ARGV[3 * i + 2]), ARGV[3 * i + 3], ARGV[3 * i + 4])
end

-- Members whose pages have changed. A document with which the pages do not agree is left as it is: its own record, which
-- is still to come, brings the two together.
local seen = {}
for i = 2, kind == 'lots' and #KEYS or 1 do
  if not seen[KEYS[i]] then
    seen[KEYS[i]] = true
    local key = sibling(KEYS[i], 'member')
    local document, complete = scheduled(redis.call('GET', key) or '', KEYS[i])
    if complete then redis.call('SET', key, document) end
  end
end

redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return position
"""
)

DROP: Final = (
    _OLD
    + """
-- KEYS: the feed's hash, then keys to delete. ARGV: generation, kind.
-- Deletes what is of this generation or an older one. Returns -1, and deletes nothing, when no rebuild is under way:
-- somebody else has finished it, and what lies there now is fed anew.
if redis.call('HEXISTS', KEYS[1], 'rebuild') == 0 then return -1 end
local generation, deleted = tonumber(ARGV[1]), 0
for i = 2, #KEYS do
  if old(KEYS[i], ARGV[2], generation) then deleted = deleted + redis.call('UNLINK', KEYS[i]) end
end
return deleted
"""
)

COUNT: Final = (
    _OLD
    + """
-- KEYS: keys to look at. ARGV: generation, kind. Returns how many of them are of this generation or an older one.
local generation, count = tonumber(ARGV[1]), 0
for i = 1, #KEYS do
  if old(KEYS[i], ARGV[2], generation) then count = count + 1 end
end
return count
"""
)
