"""How long records are kept and how they leave: schedules, holds, disposal with proof, export."""
