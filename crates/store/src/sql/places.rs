//! The places of values in a statement about many rows.

use std::fmt::Write as _;

/// How a database names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    /// `$1`, `$2`, …
    Numbered,
    /// `?`, each the next. SQLite looks for a place that has a name among all the names, once for each value, so that
    /// ten times as many of them take a hundred times as long.
    Next,
}

impl Places {
    /// `$1, $2, …`: a list of values.
    pub(crate) fn list(self, values: usize) -> String {
        let mut list = String::with_capacity(values * 6);
        self.add(&mut list, 0, values);
        list
    }

    /// `($1, $2), ($3, $4), …`: rows of so many columns, each behind `constants` that all rows begin with (`'key', `).
    pub(crate) fn rows(self, constants: &str, rows: usize, columns: usize) -> String {
        let mut list = String::with_capacity(rows * (4 + constants.len() + columns * 6));
        for row in 0..rows {
            list += if row == 0 { "(" } else { ", (" };
            list += constants;
            self.add(&mut list, row * columns, columns);
            list.push(')');
        }
        list
    }

    fn add(self, list: &mut String, before: usize, values: usize) {
        for value in 0..values {
            if value > 0 {
                *list += ", ";
            }
            // Nothing can go wrong when a text is written to.
            let _ = match self {
                Self::Numbered => write!(list, "${}", before + value + 1),
                Self::Next => list.write_char('?'),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn values_stand_in_order_row_by_row() {
        assert_eq!(Places::Numbered.list(3), "$1, $2, $3");
        assert_eq!(Places::Numbered.rows("", 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(Places::Numbered.rows("'key', ", 2, 1), "('key', $1), ('key', $2)");
        assert_eq!(Places::Next.list(2), "?, ?");
        assert_eq!(Places::Next.rows("'key', ", 2, 2), "('key', ?, ?), ('key', ?, ?)");
    }
}
