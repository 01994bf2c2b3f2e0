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
-- ARGV: field, expected position ('' for none), next position, generation, kind, limit, then revision, value per write.
-- Returns the position found. The writes were made if, and only if, it is the expected one.
-- An equal revision of a document is written again (it may be better derived); one of a list is already there.
-- A document with an empty value is deleted: a short one stays, so that no older one can come back.
local found = redis.call('HMGET', KEYS[1], ARGV[1], 'rebuild')
if found[2] then return 'rebuild' end
local position = found[1] or ''
if position ~= ARGV[2] then return position end

local generation, limit = tonumber(ARGV[4]), tonumber(ARGV[6])
for i = 2, #KEYS do
  local key, revision, value = KEYS[i], tonumber(ARGV[2 * i + 3]), ARGV[2 * i + 4]
  if ARGV[5] == 'member' then
    local g, r = head(redis.call('GETRANGE', key, 0, 63))
    if value == '' then
      if r >= 0 and generation >= g then
        redis.call('SET', key, string.format('{"generation":%d,"revision":%d,"deleted":true}', generation, r))
      end
    elseif generation > g or (generation == g and revision >= r) then
      redis.call('SET', key, value)
    end
  else
    -- The newest element carries the head of the whole list. A higher generation starts the list anew.
    local newest = redis.call('LINDEX', key, 0)
    local g, r = head(newest)
    if newest and generation > g then redis.call('DEL', key) end
    if generation > g or (generation == g and revision > r) then
      if redis.call('LPUSH', key, value) > limit then redis.call('LTRIM', key, 0, limit - 1) end
    end
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
