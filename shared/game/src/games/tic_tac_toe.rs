//! Tic-tac-toe, in turns, with a time bank and a computer that never loses.

use crate::prelude::*;

/// Three in a row. An action is the number of a free cell, 0 to 8, row by row.
#[derive(Debug)]
pub struct TicTacToe;

/// Seconds that each player may think: for a turn, and for all turns together besides.
#[derive(Debug, Serialize, Deserialize)]
pub struct Options {
    turn: u8,
    bank: u8,
}

/// What is on the board.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Board {
    /// Each cell, by the seat whose mark it has.
    cells: [Option<usize>; 9],
    /// Whose turn it is.
    turn: usize,
    /// Milliseconds that each seat has left of its bank.
    bank: TimeBank,
}

const LINES: [[usize; 3]; 8] = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

impl Board {
    fn winner(&self) -> Option<usize> {
        LINES.iter().find_map(|line| self.cells[line[0]].filter(|seat| line.iter().all(|cell| self.cells[*cell] == Some(*seat))))
    }

    fn free(&self) -> impl Iterator<Item = usize> {
        (0..9).filter(|cell| self.cells[*cell].is_none())
    }

    fn with(&self, cell: usize) -> Self {
        Self { cells: std::array::from_fn(|at| self.cells[at].or((at == cell).then_some(self.turn))), turn: 1 - self.turn, ..self.clone() }
    }

    fn turn_begins(&self, table: &Table<Options>) -> Step<Self, usize> {
        Step::to(self.clone()).awaits([self.turn]).clock(self.bank.turn(self.turn, 1_000 * u64::from(table.options.turn), table.now))
    }

    /// What it comes to for whoever is to move, if both play their best: -1, 0 or 1.
    fn worth(&self) -> i32 {
        if self.winner().is_some() { -1 } else { self.free().map(|cell| -self.with(cell).worth()).max().unwrap_or(0) }
    }
}

impl Game for TicTacToe {
    type Options = Options;
    type State = Board;
    type Action = usize;
    type View = Board;
    type Event = usize;

    fn begin(&self, table: &Table<Options>, _: &mut Chance) -> Step<Board, usize> {
        Board { cells: [None; 9], turn: 0, bank: TimeBank::new(2, 1_000 * u64::from(table.options.bank)) }.turn_begins(table)
    }

    fn act(&self, board: Board, _: Actor<'_>, cell: usize, table: &Table<Options>, _: &mut Chance) -> Result<Step<Board, usize>, Refusal> {
        if board.cells.get(cell) != Some(&None) {
            return refuse("taken", "body.action: a free cell, 0 to 8");
        }
        let next = Board { bank: board.bank.clone().spent(board.turn, table.due_at, table.now), ..board.with(cell) };
        let won = next.winner().map(|seat| Outcome::won_by(seat, 2, "three in a row"));
        let over = won.or_else(|| next.free().next().is_none().then(|| Outcome::drawn(2, "no cell is free")));
        Ok(Step { over, ..next.turn_begins(table).event(cell) })
    }

    fn view(&self, board: &Board, _: Viewer<'_>, _: &Table<Options>) -> Board {
        board.clone()
    }

    fn tries(&self, board: &Board, _: Viewer<'_>) -> Vec<usize> {
        board.free().collect()
    }

    fn bot(&self, board: &Board, _: usize, _: &mut Chance) -> Option<usize> {
        board.free().min_by_key(|cell| if board.cells == [None; 9] { *cell as i32 } else { board.with(*cell).worth() })
    }
}
