"""The rows behind the documented example bodies, and a crowd to page through; all invented."""

from typing import Any

COMPANIES: list[dict[str, Any]] = [
    {
        "company_id": "company_123",
        "name": "Example SaaS Co",
        "domain": "example.com",
        "phone": "+12085550100",
        "employee_count": 82,
        "industry": "Software",
        "sic": "7372",
        "naics": "541511",
        "city": "Boise",
        "state": "ID",
        "keywords": ["SaaS"],
    },
    {
        "company_id": "crowd",
        "name": "Crowded Law LLP",
        "domain": "crowded-law.example",
        "employee_count": 700,
        "industry": "Law Practice",
        "sic": "8111",
        "naics": "541110",
        "city": "Ely",
        "state": "NV",
    },
]

CROWD = 230

PERSONS: list[dict[str, Any]] = [
    {
        "person_id": "person_123",
        "first_name": "Jordan",
        "last_name": "Lee",
        "job_title": "Chief Marketing Officer",
        "business_email": "jordan@example.com",
        "mobile_phone": "+12085550123",
        "linkedin_url": "https://www.linkedin.com/in/jordan-lee",
        "company_id": "company_123",
    },
    *(
        {
            "person_id": f"crowd_{number:04d}",
            "first_name": "Crowd",
            "last_name": f"Member {number}",
            "job_title": "Partner",
            "company_id": "crowd",
        }
        for number in range(CROWD)
    ),
]
