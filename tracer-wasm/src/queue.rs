//! Ended spans or log records as OTLP bytes, until they are sent.
//!
//! Invariant: a queue holds at most the bytes that it was made for. When more come, the oldest go.

use alloc::vec::Vec;

/// Waiting items of one signal, oldest first.
pub struct Queue {
    bytes: Vec<u8>,
    items: Vec<Item>,
    most: usize,
}

#[derive(Clone, Copy)]
struct Item {
    /// How many bytes it takes.
    length: u32,
    /// When it ended, in seconds since the Unix epoch.
    seconds: u32,
}

impl Queue {
    /// Nothing waits; at most `most` bytes may.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            items: Vec::new(),
            most,
        }
    }

    /// Where an item's bytes are to be appended; [`Self::commit`] makes an item of them.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Makes an item of the bytes after the first `before`. Returns how many older ones had to go.
    #[inline(never)]
    pub fn commit(&mut self, before: usize, seconds: u32) -> u32 {
        self.items.push(Item {
            length: (self.bytes.len() - before) as u32,
            seconds,
        });
        self.make_room()
    }

    /// Appends the items of a younger queue. Returns how many of all had to go.
    pub fn append(&mut self, younger: &mut Self) -> u32 {
        self.bytes.append(&mut younger.bytes);
        self.items.append(&mut younger.items);
        self.make_room()
    }

    /// Removes what ended before `seconds`.
    #[inline(never)]
    pub fn expire(&mut self, seconds: u32) {
        let mut count = 0;
        while self
            .items
            .get(count)
            .is_some_and(|item| item.seconds < seconds)
        {
            count += 1;
        }
        self.remove(count);
    }

    /// When the oldest item ended.
    #[must_use]
    pub fn oldest(&self) -> Option<u32> {
        self.items.first().map(|item| item.seconds)
    }

    /// How many items wait.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.items.len() as u32
    }

    /// How many bytes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Hands the oldest items, of about at most `bytes` together, to `read` and removes them; one that is larger by
    /// itself goes alone.
    pub fn take<T>(&mut self, bytes: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        let (count, length) = self.fitting(bytes);
        let result = read(&self.bytes[..length]);
        self.remove(count);
        result
    }

    /// A quarter goes at once, so that the bytes are not moved for every item that comes.
    fn make_room(&mut self) -> u32 {
        if self.bytes.len() <= self.most {
            return 0;
        }
        let needed = self.bytes.len() - self.most / 4 * 3;
        let (mut count, length) = self.fitting(needed);
        if length < needed {
            count += 1;
        }
        self.remove(count);
        count as u32
    }

    /// How many of the oldest items fit into `bytes`, at least one, and their length.
    #[inline(never)]
    fn fitting(&self, bytes: usize) -> (usize, usize) {
        let mut length = 0;
        let mut count = 0;
        for item in &self.items {
            let longer = length + item.length as usize;
            if count > 0 && longer > bytes {
                break;
            }
            length = longer;
            count += 1;
        }
        (count, length)
    }

    #[inline(never)]
    fn remove(&mut self, count: usize) {
        let mut length = 0;
        for item in &self.items[..count] {
            length += item.length as usize;
        }
        self.items.drain(..count);
        self.bytes.drain(..length);
    }
}
