"""Invented tennis players' names: parts of names only, combined by the world's seed.

No two surnames share their first three letters, of which Kalshi makes a player's code.
"""

_MEN = """
    Adrian Aleksi Andrej Anton Arthur Benoit Bruno Caleb Carl Cedric Cristian Dario Davide Diego
    Dominik Dusan Eduardo Elias Emil Enzo Erik Fabio Felipe Filip Florian Gabriel Giulio Goran
    Gustav Hector Henrik Hugo Ivan Jakub Jan Javier Jiri Joao Jonas Jordi Julien Kaito Karol Kasper
    Kenji Lars Leo Lorenzo Luca Lucas Marek Marco Martin Mateo Matteo Maxime Mikael Milan Nico
    Nikola Noah Oliver Oscar Pablo Patrik Pavel Petr Quentin Rafael Ren Ricardo Roman Samuel
    Sebastian Simon Stefan Sven Tadeo Theo Thiago Tomas Victor Viktor Vit Yannick Yuki Zdenek
"""
_WOMEN = """
    Adela Agnes Aiko Alba Alicia Amelie Ana Anastasia Andrea Anna Astrid Aurora Barbora Beatriz
    Bianca Camila Carla Caroline Celine Chiara Clara Daria Diana Dominika Elena Elisa Emma Eva Fiona
    Francesca Gabriela Giulia Greta Hana Helena Ingrid Irina Isabel Ivana Jana Jasmine Julia Kamila
    Karin Katarina Klara Lara Laura Lea Lena Linda Lucia Lucie Magda Maja Marie Marina Marta Maya
    Mia Mina Mirjam Nadia Natalia Nina Nora Olga Paula Petra Renata Rosa Sara Selma Silvia Sofia
    Sonia Stella Tamara Tereza Valeria Vera Viktoria Yulia Zara Zoe
"""
_SURNAMES = """
    Abbott Acosta Adler Aguilar Ahlberg Albrecht Almeida Amato Andrade Aoki Arnault Aslan Avila
    Bakker Balogh Barone Bauer Becerra Belmonte Bergman Bianco Blanchet Bodnar Bogdan Boucher Brandt
    Brennan Bruni Buchholz Burgos Cabral Cadenas Caldwell Camargo Cardenas Castel Cerny Chalupa Chen
    Cizek Clarke Colombo Conti Cordova Costigan Cruz Cuevas Dalgaard Danek Darvin Deluca Demir Diaz
    Dobrev Dolezal Drexler Dubois Dvorak Ebert Eklund Elmore Engel Erdem Escobar Esposito Evers
    Fabre Falk Farrow Feldman Ferrante Fiala Fischer Fonda Forsberg Fraser Fuentes Gagnon Galvan
    Garnier Gebhart Gerard Gibbons Glover Gomes Graf Greco Grubisic Guzman Haas Hajek Halvorsen
    Harding Hayashi Hedlund Herrera Hirsch Hoffer Holub Horak Hruska Ibarra Ilic Imai Inoue Isaksen
    Ivanik Jablon Janssen Jelinek Jimenez Johansen Jovic Juhasz Kaplan Kato Keller Kimura Kirsch
    Klein Kobayashi Kolar Kovacs Kraus Kubik Kuznik Lafont Lambert Larsson Laurent Lebrun Lehmann
    Leroux Lindqvist Lisko Lombard Lopes Lozano Lund Macek Maier Malik Manzano Marchetti Matos Mazur
    Medrano Meyer Mikkelsen Minami Molnar Moravec Mueller Muraz Nagy Navarro Nemec Neumann Nilsen
    Noble Novacek Nunes Oberg Ochoa Ogawa Okada Olmedo Orban Ortega Ostrov Pacheco Palmer Papp
    Pascal Pedersen Pelletier Petrov Pinto Polak Porter Prado Prucha Quiroga Rada Ramos Rasmus Reyes
    Ribeiro Richter Rinaldi Rocha Romero Rossi Roux Rubio Ruiz Sabo Salas Sandoval Sato Schmid Seidl
    Serrano Severin Shaw Silva Simek Skala Sobotka Soler Sorensen Stanek Stoica Suarez Svoboda Szabo
    Takeda Tanaka Tavares Teller Thorsen Tichy Tobar Toth Tran Trojan Tucker Uhlir Ulrich Urban
    Vacek Valente Varga Vasic Vega Vesely Vidal Vitek Volk Voss Wagner Waldron Weiss Whitaker Wilder
    Winter Wolff Wozniak Yamada Yilmaz Young Zapata Zedler Zelenka Ziegler Zima Zoric Zuniga
"""
MEN = tuple(_MEN.split())
WOMEN = tuple(_WOMEN.split())
SURNAMES = tuple(_SURNAMES.split())

COUNTRIES = (
    ("ARG", "Argentina"),
    ("AUS", "Australia"),
    ("AUT", "Austria"),
    ("BRA", "Brazil"),
    ("CAN", "Canada"),
    ("CRO", "Croatia"),
    ("CZE", "Czechia"),
    ("DEN", "Denmark"),
    ("ESP", "Spain"),
    ("FRA", "France"),
    ("GBR", "Great Britain"),
    ("GER", "Germany"),
    ("HUN", "Hungary"),
    ("ITA", "Italy"),
    ("JPN", "Japan"),
    ("NED", "Netherlands"),
    ("NOR", "Norway"),
    ("POL", "Poland"),
    ("ROU", "Romania"),
    ("SRB", "Serbia"),
    ("SUI", "Switzerland"),
    ("SWE", "Sweden"),
    ("USA", "United States"),
)
"""Codes as flags and notes show them, and the names."""

CITIES = (
    ("Lisbon", "Portugal"),
    ("Houston", "USA"),
    ("Geneva", "Switzerland"),
    ("Atlanta", "USA"),
    ("Hamburg", "Germany"),
    ("Santiago", "Chile"),
    ("Bergamo", "Italy"),
    ("Cincinnati", "USA"),
    ("Gothenburg", "Sweden"),
    ("Monterrey", "Mexico"),
    ("Lyon", "France"),
    ("San Diego", "USA"),
    ("Zagreb", "Croatia"),
    ("Cordoba", "Argentina"),
    ("Rotterdam", "Netherlands"),
    ("Winnipeg", "Canada"),
    ("Kitzbuhel", "Austria"),
    ("Charleston", "USA"),
    ("Bilbao", "Spain"),
    ("Tampa", "USA"),
    ("Poznan", "Poland"),
    ("Seattle", "USA"),
    ("Palermo", "Italy"),
    ("Austin", "USA"),
)
"""Even places hold tournaments on European time, odd ones on American time."""
