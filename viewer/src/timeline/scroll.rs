//! Rows that together are taller than a browser lets an element be.
//!
//! Chromium's elements end at 33,554,428 px and Firefox's at 17,895,698 px, where a million rows of 24 px want
//! 24,000,000. The element of the rows is then only [`MOST_PX`] tall, and what is drawn in it is shifted: a pixel of the
//! wheel or of a finger is a pixel of the rows, whereas dragging the scrollbar goes over all of them. As one scrolls on,
//! the shift grows page by page, and the scroll position is set back by as much, which nobody sees. Pages reach into
//! one another by more than a screen of 1,000 px as long as the rows are not taller than 2.5 thousand million pixels.

/// An element of rows is never taller.
pub const MOST_PX: f64 = 16_000_000.0;
/// So many pages make the height of the element.
const PAGES: f64 = 100.0;
/// A step of more than so many heights of the screen is a drag of the scrollbar or a jump.
const JUMP: f64 = 4.0;

/// How tall the rows are, and the element that they are drawn in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    whole: f64,
    element: f64,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    /// From the top of the element to the top of what is seen, in pixels.
    pub scrolled: f64,
    /// What is drawn at a place of the element lies so many pixels further down among the rows.
    pub shift: f64,
}

impl Place {
    /// From the top of the first row to the top of what is seen.
    #[must_use]
    pub fn top(self) -> f64 {
        self.scrolled + self.shift
    }
}

impl Reach {
    /// Of rows that are `whole` pixels tall, in an element of at most `most`.
    #[must_use]
    pub fn new(whole: f64, most: f64) -> Self {
        Self {
            whole,
            element: whole.min(most),
        }
    }

    /// The height of the element.
    #[must_use]
    pub fn element(self) -> f64 {
        self.element
    }

    /// Where one is after the element was scrolled from `before`, `seen` pixels of it being seen. Where the answer's
    /// `scrolled` is not what was handed in, the element is to be scrolled there.
    #[must_use]
    pub fn scrolled(self, before: Place, scrolled: f64, seen: f64) -> Place {
        let step = (scrolled - before.scrolled).abs();
        if step <= JUMP * seen {
            return self.at(scrolled + before.shift);
        }
        // As far through all rows as through the element.
        let share = (self.whole - seen) / (self.element - seen).max(1.0);
        Place {
            scrolled,
            shift: self.shift_at(scrolled * share.max(1.0)),
        }
    }

    /// The place at which what is seen begins `top` pixels below the top of the first row.
    #[must_use]
    pub fn at(self, top: f64) -> Place {
        let top = top.min(self.whole).max(0.0);
        let shift = self.shift_at(top);
        Place {
            scrolled: top - shift,
            shift,
        }
    }

    /// The shift of the page that a place among the rows is on: none on the first, all on the last.
    fn shift_at(self, top: f64) -> f64 {
        let page = self.element / PAGES;
        let pages = (self.whole / page).floor();
        if self.whole <= self.element || pages < 2.0 {
            return 0.0;
        }
        let number = (top / page).floor().min(pages - 1.0);
        (number * (self.whole - self.element) / (pages - 1.0)).round()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: f64 = 24.0;
    const SEEN: f64 = 600.0;
    const MOST: f64 = 1_000_000.0;

    /// An element as a browser scrolls it.
    struct Scroller {
        reach: Reach,
        place: Place,
    }

    impl Scroller {
        fn new(rows: f64) -> Self {
            Self {
                reach: Reach::new(rows * ROW, MOST),
                place: Place::default(),
            }
        }

        fn scroll_to(&mut self, scrolled: f64) {
            let most = self.reach.element() - SEEN;
            let next = self
                .reach
                .scrolled(self.place, scrolled.clamp(0.0, most), SEEN);
            assert!(
                (0.0..=most).contains(&next.scrolled),
                "{next:?} cannot be scrolled to"
            );
            self.place = next;
        }
    }

    #[test]
    fn what_fits_is_not_shifted() {
        let mut scroller = Scroller::new(4_000.0);
        assert!((scroller.reach.element() - 96_000.0).abs() < f64::EPSILON);
        for scrolled in [0.0, 17.0, 50_000.0, 95_400.0, 3.0] {
            scroller.scroll_to(scrolled);
            assert!((scroller.place.top() - scrolled).abs() < f64::EPSILON);
            assert!(scroller.place.shift.abs() < f64::EPSILON);
        }
    }

    #[test]
    fn every_step_of_the_wheel_moves_the_rows_as_far_to_the_last_and_back() {
        for rows in [50_000.0, 416_667.0, 600_000.0] {
            let mut scroller = Scroller::new(rows);
            let end = rows * ROW - SEEN;
            for direction in [1.0, -1.0] {
                loop {
                    let before = scroller.place.top();
                    let wanted = (before + direction * 120.0).clamp(0.0, end);
                    scroller.scroll_to(scroller.place.scrolled + direction * 120.0);
                    let top = scroller.place.top();
                    assert!((top - wanted).abs() < 1e-6, "{top}, not {wanted}");
                    if (top - before).abs() < 1e-6 {
                        break;
                    }
                }
                let last = if direction > 0.0 { end } else { 0.0 };
                assert!((scroller.place.top() - last).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn dragging_the_scrollbar_goes_over_all_rows() {
        let mut scroller = Scroller::new(1_000_000.0);
        let end = 24e6 - SEEN;
        let page = MOST / PAGES;
        for share in [0.0, 0.25, 0.5, 0.9, 1.0, 0.1, 1.0, 0.0] {
            scroller.scroll_to(share * (MOST - SEEN));
            let top = scroller.place.top();
            assert!((top - share * end).abs() <= 2.0 * page, "{top} at {share}");
        }
        assert!(scroller.place.top().abs() < f64::EPSILON);
        scroller.scroll_to(MOST - SEEN);
        assert!((scroller.place.top() - end).abs() < f64::EPSILON);
    }

    #[test]
    fn every_row_can_be_gone_to() {
        let reach = Reach::new(1e6 * 44.0, MOST_PX);
        for row in [
            0.0, 1.0, 9_999.0, 363_637.0, 500_000.0, 999_990.0, 999_999.0,
        ] {
            let top: f64 = row * 44.0;
            let place = reach.at(top.min(44e6 - SEEN));
            let y = row * 44.0 - place.top();
            assert!((0.0..SEEN).contains(&y), "row {row} is at {y}");
            assert!(
                (0.0..=MOST_PX - SEEN).contains(&place.scrolled),
                "{place:?}"
            );
        }
    }

    #[test]
    fn rows_that_are_closed_leave_no_shift_behind() {
        let far = Reach::new(1e6 * ROW, MOST).at(900_000.0);
        assert!(far.shift > 0.0);
        let few = Reach::new(2_000.0 * ROW, MOST).scrolled(far, far.scrolled, SEEN);
        assert!(few.shift.abs() < f64::EPSILON);
        assert!(few.top() <= 2_000.0 * ROW);
    }
}
