"""Masking: from a person's row to what a preview may show (pure)."""

from api.domain.person.records import PersonRow
from api.domain.prospecting.records import (
    Available,
    PreviewCompany,
    ProspectPreview,
    ProspectRecord,
    RecordCompany,
    RevealState,
)


def masked(prospect_id: str, row: PersonRow) -> ProspectPreview:
    """The preview of somebody whose record was not bought."""
    company = row.company
    return ProspectPreview(
        prospect_id=prospect_id,
        first_name=row.first_name,
        last_initial=_initial(row.last_name),
        job_title=row.job_title,
        company=PreviewCompany(
            company.name, company.industry, company.employee_count, company.city, company.state
        ),
        available=Available(
            business_email=row.business_email is not None,
            mobile_phone=row.mobile_phone is not None,
            linkedin_url=row.linkedin_url is not None,
        ),
        reveal_state=RevealState.PREVIEW,
        record=None,
    )


def unmasked(preview: ProspectPreview, record: ProspectRecord) -> ProspectPreview:
    """The preview of somebody whose record is owned: it says so, and has the record beside it."""
    return preview._replace(reveal_state=RevealState.PURCHASED, record=record)


def record_of(row: PersonRow) -> ProspectRecord:
    """The full record of a person's row, as it is bought."""
    company = row.company
    return ProspectRecord(
        person_id=row.person_id,
        first_name=row.first_name,
        last_name=row.last_name,
        job_title=row.job_title,
        business_email=row.business_email,
        mobile_phone=row.mobile_phone,
        linkedin_url=row.linkedin_url,
        company=RecordCompany(
            company_id=company.company_id,
            name=company.name,
            domain=company.domain,
            phone=company.phone,
            linkedin_url=company.linkedin_url,
            revenue=company.revenue,
            employee_count=company.employee_count,
            industry=company.industry,
            sic=company.sic,
            naics=company.naics,
            city=company.city,
            state=company.state,
        ),
    )


def _initial(last_name: str) -> str | None:
    """The first letter of a name that has more of them: of a single one it would be the name."""
    letters = [character for character in last_name if character.isalpha()]
    return letters[0].upper() if len(letters) > 1 else None
